import { basename } from "node:path";
import { EngineError } from "#core";
import { baseEnvironment } from "../oci-runtime.ts";
import { readText } from "../task-files.ts";

/** One file of a v2 cgroup, and the property of systemd that says the same (systemd.resource-control(5)). */
interface Property {
  readonly file: string;
  /** What the file holds when nothing is limited. */
  readonly unlimited: string;
  readonly assignments: (value: string) => readonly string[];
}

const named = (file: string, name: string, unlimited: string): Property => ({
  file,
  unlimited,
  assignments: (value) => [`${name}=${value === "max" ? "infinity" : value}`],
});

const properties: readonly Property[] = [
  named("memory.max", "MemoryMax", "max"),
  named("memory.swap.max", "MemorySwapMax", "max"),
  named("memory.low", "MemoryLow", "0"),
  named("pids.max", "TasksMax", "max"),
  named("cpu.weight", "CPUWeight", "100"),
  named("cpuset.cpus", "AllowedCPUs", ""),
  named("cpuset.mems", "AllowedMemoryNodes", ""),
  { file: "cpu.max", unlimited: "max 100000", assignments: quotaAssignments },
  { file: "io.weight", unlimited: "default 100", assignments: (value) => [`IOWeight=${value.split(/\s+/)[1]}`] },
];

function quotaAssignments(value: string): readonly string[] {
  const [quota = "max", period = "100000"] = value.split(" ");
  const percent = ((Number(quota) * 100) / Number(period)).toFixed(2);
  return [`CPUQuotaPeriodSec=${period}us`, quota === "max" ? "CPUQuota=" : `CPUQuota=${percent}%`];
}

/**
 * Assignments that make systemd keep what a scope's cgroup has now.
 * @param which `limited`: only what differs from a cgroup without limits, all that a new scope needs
 */
export function scopeAssignments(directory: string, which: "limited" | "all"): readonly string[] {
  return properties.flatMap(({ file, unlimited, assignments }) => {
    const value = readText(`${directory}/${file}`)?.split("\n", 1)[0]?.trim();
    return value === undefined || (which === "limited" && value === unlimited) ? [] : assignments(value);
  });
}

/**
 * systemd writes the limits of its units anew at each `daemon-reload`; those it was not told of are gone then. So it is
 * told what the cgroup of a scope has.
 * @throws EngineError `internal` with the words of systemctl (1)
 */
export async function keepScopeLimits(directory: string, which: "limited" | "all"): Promise<void> {
  const assignments = scopeAssignments(directory, which);
  if (assignments.length === 0) return;
  const command = ["systemctl", "set-property", "--runtime", basename(directory), ...assignments];
  const child = Bun.spawn(command, { env: baseEnvironment, stdio: ["ignore", "ignore", "pipe"] });
  if ((await child.exited) === 0) return;
  const text = (await new Response(child.stderr).text()).trim();
  throw new EngineError("internal", `systemd does not take the limits of ${basename(directory)}: ${text}`);
}
