import { readFileSync } from "node:fs";

/** Length of the window in which the machine must be idle, and the share of it. The load average answers minutes later. */
const windowMs = 50;
const idleShare = 0.8;

/** Waits until the processors were idle for one window. @returns false when that did not happen within `limitMs` */
export async function untilQuiet(limitMs = 2000): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    const before = readCpu();
    await Bun.sleep(windowMs);
    const after = readCpu();
    const total = after.total - before.total;
    if (total > 0 && (after.idle - before.idle) / total >= idleShare) return true;
  }
  return false;
}

/** Clock ticks of all processors since boot (proc_stat(5)); waiting for a disk counts as idle. */
function readCpu(): { readonly idle: number; readonly total: number } {
  const line = readFileSync("/proc/stat", "utf8").split("\n", 1)[0] ?? "";
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  return { idle: (ticks[3] ?? 0) + (ticks[4] ?? 0), total: ticks.reduce((sum, value) => sum + value, 0) };
}
