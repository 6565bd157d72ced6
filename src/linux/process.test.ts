import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmdirSync, unlinkSync } from "node:fs";
import { readCapabilities } from "./capabilities.ts";
import { readHostFacts, parseOsRelease } from "./host.ts";
import { flockExclusive } from "./lock.ts";
import { isAlive, kill, pidfdOpen, processStartTime, readProcessStat } from "./process.ts";
import { clampRlimit, getRlimit, listRlimits } from "./rlimits.ts";

const absentPid = 4_194_305; // above the kernel's largest pid

describe("processes", () => {
  test("belong to groups", async () => {
    const groupOf = (pid: number): number | undefined => readProcessStat(pid)?.processGroup;
    const [beside, apart] = [false, true].map((detached) => Bun.spawn(["/bin/busybox", "sleep", "60"], { detached }));
    for (const child of [beside, apart]) child?.kill();
    expect(groupOf(beside?.pid ?? 0)).toBe(groupOf(process.pid));
    expect(groupOf(apart?.pid ?? 0)).toBe(apart?.pid);
    await Promise.all([beside?.exited, apart?.exited]);
  });

  test("are told apart by start time, and a zombie is not alive", async () => {
    const child = Bun.spawn(["/bin/busybox", "sleep", "60"]);
    const start = processStartTime(child.pid);
    expect(readProcessStat(child.pid)?.parentPid).toBe(process.pid);
    expect(isAlive(child.pid, start)).toBe(true);
    expect(isAlive(child.pid, (start ?? 0) + 1)).toBe(false);
    using handle = pidfdOpen(child.pid);
    expect(handle?.signal(15)).toBe(true);
    await child.exited;
    expect(isAlive(child.pid)).toBe(false);
    expect(handle?.signal(15)).toBe(false);
  });

  test("that do not exist are no error", () => {
    expect(kill(absentPid, 0)).toBe(false);
    expect(pidfdOpen(absentPid)).toBeUndefined();
    expect(processStartTime(absentPid)).toBeUndefined();
    expect(kill(process.pid, 0)).toBe(true);
    expect(() => kill(process.pid, 99)).toThrow(`kill "${process.pid}": invalid argument`);
  });

  test("have limits, which clamp others", () => {
    const nofile = getRlimit("nofile");
    expect(listRlimits().nofile).toEqual(nofile);
    const shown = /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
    expect([String(nofile.soft), String(nofile.hard)]).toEqual([shown?.[1] ?? "", shown?.[2] ?? ""]);
    expect(clampRlimit({ soft: 5, hard: -1 }, 100)).toEqual({ soft: 5, hard: 100 });
    expect(clampRlimit({ soft: -1, hard: -1 }, -1)).toEqual({ soft: -1, hard: -1 });
    expect(clampRlimit({ soft: 300, hard: 200 }, 100)).toEqual({ soft: 100, hard: 100 });
  });

  test("have capabilities by name", () => {
    const hex = /^CapEff:\s*(\w+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
    const bits = BigInt(`0x${hex}`).toString(2).replaceAll("0", "").length;
    expect(readCapabilities().effective).toHaveLength(bits);
    if (process.getuid?.() === 0) expect(readCapabilities().effective).toContain("CAP_CHOWN");
  });
});

describe("locks", () => {
  test("have one holder at a time", () => {
    const root = mkdtempSync("/tmp/lighter-lock-");
    const path = `${root}/lock`;
    const first = flockExclusive(path);
    expect(first).toBeDefined();
    expect(flockExclusive(path)).toBeUndefined();
    first?.[Symbol.dispose]();
    first?.[Symbol.dispose]();
    using second = flockExclusive(path);
    expect(second?.closed).toBe(false);
    expect(() => first?.fd).toThrow("is closed");
    unlinkSync(path);
    rmdirSync(root);
  });
});

describe("host", () => {
  test("facts are those the system's own tools show", () => {
    const uname = Bun.spawnSync(["uname", "-rm"]).stdout.toString().trim();
    const facts = readHostFacts();
    expect(`${facts.kernelVersion} ${facts.machine}`).toBe(uname);
    expect(facts.memoryBytes).toBe(
      Number(/^MemTotal:\s+(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) * 1024,
    );
  });

  test("os-release is read with the shell's quoting", () => {
    const values = parseOsRelease(`# c\nPRETTY_NAME="A \\"B\\" C"\nVERSION_ID='12'\nID=x\nbroken\n`);
    expect([...values]).toEqual([
      ["PRETTY_NAME", `A "B" C`],
      ["VERSION_ID", "12"],
      ["ID", "x"],
    ]);
  });
});
