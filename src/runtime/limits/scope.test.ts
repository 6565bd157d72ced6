import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { scopeAssignments } from "./scope.ts";

/** A directory with the files of a v2 cgroup. */
function cgroup(files: Readonly<Record<string, string>>): { readonly path: string } & Disposable {
  const path = mkdtempSync("/tmp/lighter-scope-");
  for (const [name, text] of Object.entries(files)) writeFileSync(`${path}/${name}`, `${text}\n`);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

const unlimited = {
  "memory.max": "max",
  "memory.swap.max": "max",
  "memory.low": "0",
  "pids.max": "max",
  "cpu.weight": "100",
  "cpuset.cpus": "",
  "cpuset.mems": "",
  "cpu.max": "max 100000",
  "io.weight": "default 100",
};

test("systemd need not be told of a cgroup without limits", () => {
  using directory = cgroup(unlimited);
  expect(scopeAssignments(directory.path, "limited")).toEqual([]);
});

test("each limit of a cgroup has its property", () => {
  using directory = cgroup({
    ...unlimited,
    "memory.max": "67108864",
    "memory.swap.max": "0",
    "pids.max": "50",
    "cpu.weight": "20",
    "cpuset.cpus": "0-1",
    "cpu.max": "150000 100000",
    "io.weight": "default 200\n8:0 300",
  });
  expect(scopeAssignments(directory.path, "limited")).toEqual([
    "MemoryMax=67108864",
    "MemorySwapMax=0",
    "TasksMax=50",
    "CPUWeight=20",
    "AllowedCPUs=0-1",
    "CPUQuotaPeriodSec=100000us",
    "CPUQuota=150.00%",
    "IOWeight=200",
  ]);
});

test("limits that were lifted are told as well, and a controller that is not there is not", () => {
  using directory = cgroup({ "memory.max": "max", "cpu.max": "max 50000", "pids.max": "max" });
  expect(scopeAssignments(directory.path, "all")).toEqual([
    "MemoryMax=infinity",
    "TasksMax=infinity",
    "CPUQuotaPeriodSec=50000us",
    "CPUQuota=",
  ]);
});
