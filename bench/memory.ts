import { readFileSync } from "node:fs";

/** Proportional set size in MB (10^6): pages that processes share count once between them (proc(5), smaps_rollup). */
export function pssOf(pids: readonly number[]): number {
  const kilobytes = pids.map((pid) => Number(/^Pss:\s+(\d+) kB$/m.exec(rollup(pid))?.[1] ?? 0));
  return kilobytes.reduce((sum, value) => sum + value, 0) * 1.024e-3;
}

/** A helper may have ended since its pid was read. */
function rollup(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}
