import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { limitWarnings, readLimitSupport, type LimitSupport } from "./limit-support.ts";

/** Looks at a tree of empty files, or files with the given text. */
function supportOf(version: 1 | 2, files: Readonly<Record<string, string>>, ownPath = "/"): LimitSupport {
  const root = mkdtempSync("/tmp/lighter-limits-");
  using _ = { [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(`${root}/${name}`), { recursive: true });
    writeFileSync(`${root}/${name}`, text);
  }
  return readLimitSupport({ version, root, ownPath });
}

const controllers = { "cgroup.controllers": "cpuset cpu io memory hugetlb pids rdma misc\n" };

test("v2: files of cgroups below the root tell of swap and weights", () => {
  const files = {
    "a.slice/memory.max": "",
    "a.slice/memory.swap.max": "",
    "a.slice/io.stat": "",
    "a.slice/io.weight": "",
  };
  const support = supportOf(2, { ...controllers, ...files });
  expect(support).toMatchObject({ memory: true, swap: true, pids: true, ioWeight: true, readBps: true });
  expect(support).toMatchObject({ swappiness: false, oomKillDisable: false });
  expect(limitWarnings(support, 2)).toEqual([]);
});

test("v2: a kernel that neither accounts swap nor weighs I/O", () => {
  const files = { "user/own/memory.max": "", "user/own/io.stat": "" };
  const support = supportOf(2, { ...controllers, ...files }, "/user/own");
  expect(limitWarnings(support, 2)).toEqual([
    "WARNING: No swap limit support",
    "WARNING: No io.weight support",
    "WARNING: No io.weight (per device) support",
  ]);
});

test("v2: before anything has the controllers they are taken at their word", () => {
  expect(supportOf(2, { ...controllers, "x/cgroup.procs": "" })).toMatchObject({ swap: true, ioWeight: true });
});

test("v2: without controllers nothing is limited", () => {
  expect(limitWarnings(supportOf(2, { "cgroup.controllers": "pids\n" }), 2)).toEqual([
    "WARNING: No memory limit support",
    "WARNING: No swap limit support",
    "WARNING: No cpu cfs quota support",
    "WARNING: No cpu cfs period support",
    "WARNING: No cpu shares support",
    "WARNING: No cpuset support",
    "WARNING: No io.weight support",
    "WARNING: No io.weight (per device) support",
    "WARNING: No io.max (rbps) support",
    "WARNING: No io.max (wbps) support",
    "WARNING: No io.max (riops) support",
    "WARNING: No io.max (wiops) support",
  ]);
});

test("v1: a file of each controller tells", () => {
  const memory = ["limit_in_bytes", "soft_limit_in_bytes", "swappiness", "oom_control", "kmem.tcp.limit_in_bytes"];
  const files = [...memory.map((name) => `memory/memory.${name}`), "cpu/cpu.shares", "pids/cgroup.procs"];
  const support = supportOf(1, Object.fromEntries(files.map((name) => [name, ""])));
  expect(support).toMatchObject({ memory: true, swap: false, pids: true, cpuShares: true, cpuQuota: false });
  expect(limitWarnings(support, 1)).toEqual([
    "WARNING: No swap limit support",
    "WARNING: No cpu cfs quota support",
    "WARNING: No cpu cfs period support",
    "WARNING: No cpuset support",
    "WARNING: No blkio throttle.read_bps_device support",
    "WARNING: No blkio throttle.write_bps_device support",
    "WARNING: No blkio throttle.read_iops_device support",
    "WARNING: No blkio throttle.write_iops_device support",
  ]);
});
