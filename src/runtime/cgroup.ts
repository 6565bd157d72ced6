import { readdirSync, rmdirSync, statfsSync, writeFileSync } from "node:fs";
import { readText } from "./task-files.ts";

const mountPoint = "/sys/fs/cgroup";
const cgroup2Magic = 0x63677270;

/** Where the cgroups of this host are: one tree (v2), or one per controller (v1, with or without a v2 tree beside). */
export interface CgroupHost {
  readonly version: 1 | 2;
  /** Mount points that hold every container's directory. */
  readonly trees: readonly string[];
  /** A v2 tree beside v1 that carries controllers; crun refuses such a host. */
  readonly hybridControllers: readonly string[];
}

export function readCgroupHost(): CgroupHost {
  if (statfsSync(mountPoint).type === cgroup2Magic) return { version: 2, trees: [mountPoint], hybridControllers: [] };
  const trees = readdirSync(mountPoint, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${mountPoint}/${entry.name}`);
  const controllers = readText(`${mountPoint}/unified/cgroup.controllers`)?.trim() ?? "";
  return { version: 1, trees, hybridControllers: controllers === "" ? [] : controllers.split(" ") };
}

/** Pids in a cgroup and those below it, in the reader's pid namespace; empty when the cgroup is gone. */
export function cgroupProcesses(host: CgroupHost, path: string): number[] {
  const tree = host.version === 2 ? mountPoint : (host.trees.find((name) => name.endsWith("/pids")) ?? host.trees[0]);
  return tree === undefined ? [] : processesBelow(`${tree}${path}`);
}

function processesBelow(directory: string): number[] {
  const own = readText(`${directory}/cgroup.procs`);
  if (own === undefined) return [];
  const pids = own
    .split("\n")
    .filter((line) => line !== "")
    .map(Number);
  for (const child of childrenOf(directory)) pids.push(...processesBelow(child));
  return pids;
}

export function isFrozen(host: CgroupHost, path: string): boolean {
  if (host.version === 2) return readText(`${mountPoint}${path}/cgroup.freeze`)?.trim() === "1";
  const state = readText(`${mountPoint}/freezer${path}/freezer.state`)?.trim();
  return state === "FROZEN" || state === "FREEZING";
}

/** Lets frozen processes go on; harmless when they do, or are gone. The kernel thaws on its own time. */
export function thaw(host: CgroupHost, path: string): void {
  if (!isFrozen(host, path)) return;
  const [file, word] =
    host.version === 2
      ? [`${mountPoint}${path}/cgroup.freeze`, "0"]
      : [`${mountPoint}/freezer${path}/freezer.state`, "THAWED"];
  try {
    writeFileSync(file, word, { flag: "r+" });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOENT" && code !== "ENODEV") throw error;
  }
}

/** Removes what is left of a container's cgroup, in every tree; harmless when absent. @returns false while it holds processes */
export function removeCgroup(host: CgroupHost, path: string): boolean {
  return host.trees.map((tree) => removeTree(`${tree}${path}`)).every(Boolean);
}

function removeTree(directory: string): boolean {
  const children = childrenOf(directory).map(removeTree).every(Boolean);
  try {
    rmdirSync(directory);
    return children;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return true;
    if (code === "EBUSY" || code === "ENOTEMPTY") return false;
    throw error;
  }
}

function childrenOf(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${directory}/${entry.name}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
