import { expect, test } from "bun:test";
import { shownConfig, shownHostConfig } from "./shown-host-config.ts";

test("fields nobody set are there", () => {
  const shown = shownHostConfig({ Memory: 7 }, "crun");
  expect(shown).toMatchObject({ Binds: null, Ulimits: [], MemorySwap: 0, CpuQuota: 0, Memory: 7, Runtime: "crun" });
  expect(shown.MaskedPaths).toContain("/proc/kcore");
  expect(shownConfig({})).toMatchObject({ Labels: {}, Volumes: null, Entrypoint: null, WorkingDir: "" });
});

test("a privileged container has no masked paths, and -1 is no swappiness", () => {
  expect(shownHostConfig({ Privileged: true, MemorySwappiness: -1, Runtime: "runc" }, "crun")).toMatchObject({
    MaskedPaths: null,
    ReadonlyPaths: null,
    MemorySwappiness: null,
    Runtime: "runc",
  });
});
