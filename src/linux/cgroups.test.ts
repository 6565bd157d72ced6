import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync } from "node:fs";
import {
  cgroupMounts,
  detectCgroups,
  enableFavorDynmods,
  freezeCgroup,
  listCgroupPids,
  readCgroupFile,
  readProcessCgroups,
  removeCgroup,
  thawCgroup,
  writeCgroupFile,
} from "./cgroups.ts";
import { readProcessStat } from "./process.ts";

describe("mountinfo", () => {
  test("gives point, flags and options of cgroup mounts only", () => {
    const text =
      "25 30 0:23 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n" +
      "41 31 0:38 / /sys/fs/with\\040space rw,nosuid,nodev shared:4 master:1 - cgroup2 none rw,nsdelegate\n" +
      "42 31 0:39 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n";
    expect(cgroupMounts(text)).toEqual([
      { point: "/sys/fs/with space", type: "cgroup2", flags: ["rw", "nosuid", "nodev"], options: ["rw", "nsdelegate"] },
      { point: "/sys/fs/cgroup/cpu", type: "cgroup", flags: ["rw"], options: ["rw", "cpu", "cpuacct"] },
    ]);
  });
});

describe.skipIf(process.getuid?.() !== 0)("cgroups", () => {
  const layout = detectCgroups();

  test("are found as the kernel lists them", () => {
    const lines = readFileSync("/proc/self/cgroup", "utf8").trim().split("\n");
    expect(layout.mode === "v2").toBe(lines.length === 1);
    expect(layout.controllers).toContain("pids");
    const own = readProcessCgroups("self");
    for (const controller of layout.v1.keys()) expect(own.v1.has(controller)).toBe(true);
    expect(own.unified === undefined).toBe(layout.unified === undefined);
  });

  test("favordynmods is on afterwards, or a reason says why not", () => {
    const result = enableFavorDynmods(layout);
    const shown = /cgroup2 .*\bfavordynmods\b/.test(readFileSync("/proc/self/mountinfo", "utf8"));
    expect(result.enabled).toBe(shown);
    expect(result.reason === "").toBe(result.enabled);
  });

  const trees = [layout.unified, layout.v1.get("freezer")].filter((tree) => tree !== undefined);

  test.each(trees)("in %s hold processes, freeze them, and go when empty", async (tree) => {
    const parent = `${tree}/lighter-test-${process.pid}`;
    const directory = `${parent}/inner`;
    mkdirSync(directory, { recursive: true });
    const child = Bun.spawn(["/bin/busybox", "sleep", "60"]);
    try {
      writeCgroupFile(directory, "cgroup.procs", child.pid);
      expect(listCgroupPids(parent)).toEqual([child.pid]);
      expect(() => removeCgroup(parent)).toThrow("EBUSY");
      await freezeCgroup(directory, AbortSignal.timeout(5000));
      expect(["D", "S"]).toContain(readProcessStat(child.pid)?.state ?? "");
      await thawCgroup(directory, AbortSignal.timeout(5000));
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
    expect(removeCgroup(parent)).toBe(true);
    expect(removeCgroup(parent)).toBe(false);
    expect(readCgroupFile(directory, "cgroup.procs")).toBeUndefined();
  });

  test("are the only directories that removeCgroup takes", () => {
    const root = mkdtempSync("/tmp/lighter-cgroup-");
    writeCgroupFile(root, "cgroup.procs", "");
    expect(() => removeCgroup(root)).toThrow(`not a cgroup: ${root}`);
    Bun.spawnSync(["/bin/busybox", "rm", `${root}/cgroup.procs`]);
    rmdirSync(root);
  });
});
