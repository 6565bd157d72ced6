import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { listProcesses } from "./processes.ts";
import { openSandbox } from "./sandbox.ts";

test("two sandboxes share nothing", async () => {
  await using one = await openSandbox();
  await using other = await openSandbox();
  for (const key of ["root", "socket", "bridge", "subnet", "pidfile", "dataRoot", "execRoot"] as const) {
    expect(one[key]).not.toBe(other[key]);
  }
  expect(one.bridge.length).toBeLessThanOrEqual(15);
  expect(one.socket.length).toBeLessThan(100);
});

describe.skipIf(process.getuid?.() !== 0)("as root", () => {
  test("disposal ends and removes what an engine left", async () => {
    await using box = await openSandbox();
    const mounted = join(box.dataRoot, "m");
    mkdirSync(mounted);
    const run = (...command: string[]): void =>
      expect(Bun.spawnSync(command, { stdio: ["ignore", "ignore", "ignore"] }).exitCode).toBe(0);
    run("mount", "-t", "tmpfs", "x", mounted);
    run("ip", "link", "add", box.bridge, "type", "bridge");
    run("nft", "add", "table", "ip", `lighter_${box.bridge.replaceAll("-", "_")}`);
    // Its own session, and no longer our child: like a container's monitor.
    run("setsid", "-f", "sh", "-c", "sleep 60; :", box.root);
    expect(box.leftovers().map((line) => line.split(" ")[0])).toEqual(["mount", "link", "nft", "process"]);

    await box[Symbol.asyncDispose]();
    expect(box.leftovers()).toEqual([]);
    expect(existsSync(box.root)).toBeFalse();
    expect(listProcesses().filter(({ command }) => command.includes(box.root))).toEqual([]);
  });
});
