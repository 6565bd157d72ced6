import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";

/** A cgroup v2 whose processor time is read: the kernel accounts it there whatever controllers are on, ended processes included. */
export interface CpuGroup extends Disposable {
  /** Microseconds, user and system. */
  usage(): number;
  pids(): readonly number[];
}

interface Mount {
  readonly point: string;
  readonly options: readonly string[];
}

/** Where cgroup v2 is mounted, alone or beside v1; undefined on a host without it. */
export function cgroup2Mount(): Mount | undefined {
  const line = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .find((text) => text.split(" ")[2] === "cgroup2");
  const [, point, , options] = line?.split(" ") ?? [];
  return point === undefined || options === undefined ? undefined : { point, options: options.split(",") };
}

/**
 * The group of an engine's processes. Processes of the root cgroup are moved into a group of their own, and back at the
 * end; others stay where their service manager has put them. What they start stays with them, until a runtime moves it.
 */
export function groupOf(pids: readonly number[], name: string): CpuGroup | undefined {
  const mount = cgroup2Mount();
  if (!mount || pids.length === 0) return undefined;
  const current = cgroupPath(pids[0] ?? 0);
  if (current === undefined) return undefined;
  if (current !== "/") return readGroup(mount.point + current, () => undefined);
  const directory = `${mount.point}/lighter-bench-${process.pid}-${name}`;
  mkdirSync(directory);
  for (const pid of pids) move(pid, directory);
  return readGroup(directory, () => {
    for (const pid of readPids(directory)) move(pid, mount.point);
    rmdirSync(directory);
  });
}

/** The parent of an engine's containers, by one of them; undefined where others live in it too. */
export function containerParent(pid: number): CpuGroup | undefined {
  const mount = cgroup2Mount();
  const path = cgroupPath(pid);
  const parent = path?.slice(0, path.lastIndexOf("/"));
  if (!mount || !parent || parent.endsWith(".slice")) return undefined;
  return existsSync(mount.point + parent) ? readGroup(mount.point + parent, () => undefined) : undefined;
}

function cgroupPath(pid: number): string | undefined {
  return /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1];
}

function readGroup(directory: string, dispose: () => void): CpuGroup {
  return {
    usage: () => Number(/^usage_usec (\d+)$/m.exec(readFileSync(`${directory}/cpu.stat`, "utf8"))?.[1]),
    pids: () => readPids(directory),
    [Symbol.dispose]: dispose,
  };
}

function readPids(directory: string): number[] {
  const own = readFileSync(`${directory}/cgroup.procs`, "utf8").split("\n").filter(Boolean).map(Number);
  const below = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...own, ...below.flatMap(({ name }) => readPids(`${directory}/${name}`))];
}

/** A process that has ended meanwhile needs no move. */
function move(pid: number, directory: string): void {
  try {
    writeFileSync(`${directory}/cgroup.procs`, `${pid}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
