import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { applyLimits } from "./apply.ts";
import { controllerDirectory } from "./directory.ts";
import { limitWrites, type LimitChange } from "./writes.ts";

/** A recorded v2 cgroup: files of a directory stand for those of the kernel. */
const files: Readonly<Record<string, string>> = {
  "memory.max": "max\n",
  "memory.swap.max": "max\n",
  "memory.low": "0\n",
  "cpu.max": "max 100000\n",
  "cpu.weight": "100\n",
  "cpuset.cpus": "\n",
  "pids.max": "max\n",
  "io.weight": "default 100\n",
  "io.max": "8:0 rbps=5 wbps=max riops=max wiops=max\n",
};

let root: string;
beforeEach(() => {
  root = mkdtempSync("/tmp/lighter-cgroup-");
  mkdirSync(`${root}/lighter/c1`, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(`${root}/lighter/c1/${name}`, text);
});
afterEach(() => rmSync(root, { recursive: true }));

const text = (name: string): string => readFileSync(`${root}/lighter/c1/${name}`, "utf8");

function apply(change: LimitChange): void {
  const host = { version: 2, trees: [root], hybridControllers: [] } as const;
  applyLimits(controllerDirectory(host, "/lighter/c1", root), limitWrites(2, change));
}

test("every file gets its value; the one that is there where there are two names", () => {
  apply({ memory: { limit: 64 }, pids: { limit: 5 }, blockIO: { weight: 300 } });
  // Files of the kernel are written whole; those here keep their tail.
  expect(text("memory.max").slice(0, 2)).toBe("64");
  expect(text("pids.max")[0]).toBe("5");
  expect(text("io.weight").slice(0, 4)).toBe("2930");
});

test("what was written before a refusal is taken back", () => {
  rmSync(`${root}/lighter/c1/pids.max`);
  const change = { cpu: { quota: 50_000, period: 100_000, cpus: "0" }, pids: { limit: 5 } };
  expect(() => apply(change)).toThrow(
    /^failed to write "5": write .*\/lighter\/c1\/pids.max: no such file or directory$/,
  );
  expect(text("cpu.max")).toStartWith("max 100000");
});
