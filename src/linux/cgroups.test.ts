import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { cgroupMounts, detectCgroups, enableFavorDynmods } from "./cgroups.ts";

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
    const listed = lines.flatMap((line) => line.split(":")[1]?.split(",") ?? []);
    for (const controller of layout.v1.keys()) expect(listed).toContain(controller);
    expect(lines.some((line) => line.startsWith("0::"))).toBe(layout.unified !== undefined);
  });

  test("favordynmods is on afterwards, or a reason says why not", () => {
    const result = enableFavorDynmods(layout);
    const shown = /cgroup2 .*\bfavordynmods\b/.test(readFileSync("/proc/self/mountinfo", "utf8"));
    expect(result.enabled).toBe(shown);
    expect(result.reason === "").toBe(result.enabled);
  });
});
