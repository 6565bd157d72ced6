import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withTmpfsModes } from "./tmpfs-modes.ts";

const root = mkdtempSync(`/tmp/lighter-test-${process.pid}-tmpfs-`);
afterAll(() => rmSync(root, { recursive: true }));
mkdirSync(join(root, "data"));
chmodSync(join(root, "data"), 0o1750);
symlinkSync("/data", join(root, "link"));
writeFileSync(join(root, "file"), "");

test("a tmpfs has the mode of the directory below it unless it asks for one", () => {
  const Tmpfs = { "/data": "size=1m", "/link/": "", "/data/../data": "mode=700", "/new": "", "/file": "" };
  expect(withTmpfsModes({ Tmpfs }, root).Tmpfs).toEqual({
    "/data": "size=1m,mode=1750",
    "/link/": "mode=1750",
    "/data/../data": "mode=700",
    "/new": "",
    "/file": "",
  });
});

test("so has one of --mount", () => {
  const mount = { Type: "tmpfs", Target: "/data" } as const;
  const Mounts = [mount, { ...mount, TmpfsOptions: { Mode: 0o700 } }, { ...mount, Type: "volume" } as const];
  expect(withTmpfsModes({ Mounts }, root).Mounts).toEqual([
    { ...mount, TmpfsOptions: { Mode: 0o1750 } },
    { ...mount, TmpfsOptions: { Mode: 0o700 } },
    { ...mount, Type: "volume" },
  ]);
});
