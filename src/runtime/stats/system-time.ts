import { readFileSync } from "node:fs";

const nanosecondsPerTick = 1e7;

/** Time of all processors since boot, idle included and stolen not (proc_stat(5)); nanoseconds. */
export function systemCpuNs(): number {
  return parseSystemTime(readFileSync("/proc/stat", "utf8"));
}

export function parseSystemTime(text: string): number {
  const [line = ""] = text.split("\n", 1);
  const ticks = line.trim().split(/\s+/).slice(1, 8);
  return ticks.reduce((sum, tick) => sum + Number(tick), 0) * nanosecondsPerTick;
}
