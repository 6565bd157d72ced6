import { expect, test } from "bun:test";
import { closeSync, openSync, readlinkSync, writeSync } from "node:fs";
import { sealedCopy } from "./mod.ts";

test("a sealed copy runs, and nobody can open it for writing", async () => {
  using copy = sealedCopy("/bin/echo", "lighter-echo");
  const path = `/proc/${process.pid}/fd/${copy.fd}`;
  const child = Bun.spawn([path, "sealed"], { stdout: "pipe" });
  expect(await new Response(child.stdout).text()).toBe("sealed\n");
  // A program that runs cannot be opened for writing in any case.
  await child.exited;
  expect(readlinkSync(path)).toContain("memfd:lighter-echo");
  const fd = openSync(path, "r+");
  expect(() => writeSync(fd, "x")).toThrow("EPERM");
  closeSync(fd);
});
