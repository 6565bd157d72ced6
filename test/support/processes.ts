import { readdirSync, readFileSync } from "node:fs";

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** Words separated by spaces; empty for a zombie. */
  readonly command: string;
  readonly zombie: boolean;
}

/** Every process of this pid namespace. Those that go away meanwhile are left out. */
export function listProcesses(): readonly ProcessEntry[] {
  return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? readProcess(Number(name)) : []));
}

function readProcess(pid: number): ProcessEntry[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name before the last parenthesis may hold anything: proc_pid_stat(5).
    const [state = "", parent = "0"] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const command = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
    return [{ pid, parent: Number(parent), command, zombie: state === "Z" }];
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** The processes and everything they started that is still their descendant. */
export function withDescendants(roots: readonly ProcessEntry[], all: readonly ProcessEntry[]): readonly ProcessEntry[] {
  const found = new Set(roots);
  for (const entry of found) {
    for (const other of all) if (other.parent === entry.pid) found.add(other);
  }
  return [...found];
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH");
}
