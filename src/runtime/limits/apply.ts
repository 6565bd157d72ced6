import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { EngineError, messageOf } from "#core";
import type { ControllerDirectory } from "./directory.ts";
import type { LimitWrite } from "./writes.ts";

interface Step {
  readonly path: string;
  readonly before: string;
  readonly value: string;
}

/**
 * Writes limits into a live cgroup: all of them, or none when the kernel refuses one.
 * @throws EngineError `internal` with the file that was refused and why
 */
export function applyLimits(directoryOf: ControllerDirectory, writes: readonly LimitWrite[]): void {
  const done: Step[] = [];
  try {
    for (const step of ordered(writes.map((write) => stepOf(directoryOf, write)))) {
      writeLimit(step.path, step.value);
      done.push(step);
    }
  } catch (error) {
    for (const { path, before } of done.toReversed()) writeLimit(path, before);
    throw error;
  }
}

function stepOf(directoryOf: ControllerDirectory, { controller, choices, device }: LimitWrite): Step {
  const paths = choices.map(([file, value]) => ({ path: `${directoryOf(controller)}/${file}`, value }));
  const { path, value } = paths.find((choice) => existsSync(choice.path)) ?? paths[0] ?? { path: "", value: "" };
  return { path, before: valueBefore(path, value, device), value };
}

/** What undoes the write. */
function valueBefore(path: string, value: string, device: string | undefined): string {
  const text = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  if (device === undefined) return limitOf(path, text);
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${device} `));
  const key = /=/.test(value) ? value.slice(device.length + 1).split("=", 1)[0] : undefined;
  return line ?? (key === undefined ? `${device} 0` : `${device} ${key}=max`);
}

/** Some files read otherwise than they are written. */
function limitOf(path: string, text: string): string {
  if (path.endsWith("/memory.oom_control")) return /^oom_kill_disable 1$/m.test(text) ? "1" : "0";
  return text.replace(/^default /, "");
}

/** v1 keeps memory and swap together no lower than memory alone: the sum is raised before memory, and lowered after it. */
function ordered(steps: readonly Step[]): readonly Step[] {
  const sum = steps.find(({ path }) => path.endsWith("/memory.memsw.limit_in_bytes"));
  if (sum === undefined || !(sum.value === "-1" || Number(sum.value) > Number(sum.before))) return steps;
  return [sum, ...steps.filter((step) => step !== sum)];
}

function writeLimit(path: string, value: string): void {
  try {
    writeFileSync(path, value, { flag: "r+" });
  } catch (cause) {
    // "EINVAL: invalid argument, write"
    const reason = /^[A-Z0-9]+: ([^,]+)/.exec(messageOf(cause))?.[1] ?? messageOf(cause);
    throw new EngineError("internal", `failed to write ${JSON.stringify(value)}: write ${path}: ${reason}`, { cause });
  }
}
