import { EngineError } from "#core";
import type { HostConfig, RestartPolicy } from "#spec";
import type { ContainerRecord } from "../record.ts";

const firstDelayMs = 100;
const maxDelayMs = 60_000;
/** A run of this time counts as good: the next wait is short again. */
const goodRunMs = 10_000;

/** How one run of a container ended. */
export interface Ending {
  readonly exitCode: number;
  readonly ranMs: number;
}

/** The wait before a restart that follows one after `previousMs` (0: the first) and a run of `ranMs`. */
export function restartDelay(previousMs: number, ranMs: number): number {
  if (previousMs === 0 || ranMs >= goodRunMs) return firstDelayMs;
  return Math.min(previousMs * 2, maxDelayMs);
}

/** Milliseconds until the container is to be started again after it has run; undefined: not at all. */
export function nextRestart(record: ContainerRecord, ending: Ending): number | undefined {
  if (!hasRestartPolicy(record) || record.state.stoppedByUser || !wantsRestart(record, ending.exitCode))
    return undefined;
  return restartDelay(record.state.restartDelayMs ?? 0, ending.ranMs);
}

/** Whether a container that does not run is to be started with the engine. One that never ran is not. */
export function startsWithEngine(record: ContainerRecord): boolean {
  const { status, exitCode, stoppedByUser } = record.state;
  if (status !== "exited" || !hasRestartPolicy(record)) return false;
  if (policyName(record) === "unless-stopped" && stoppedByUser) return false;
  return wantsRestart(record, exitCode);
}

/** Whether one that turned unhealthy is to be stopped and started again. */
export function restartsUnhealthy(record: ContainerRecord): boolean {
  return policyName(record) === "on-unhealthy" && hasTriesLeft(record);
}

export function hasRestartPolicy(record: ContainerRecord): boolean {
  return policyName(record) !== "no" && record.buildStep !== true;
}

function wantsRestart(record: ContainerRecord, exitCode: number): boolean {
  switch (policyName(record)) {
    case "always":
    case "unless-stopped":
      return true;
    case "on-failure":
      return exitCode !== 0 && hasTriesLeft(record);
    case "on-unhealthy":
      return (exitCode !== 0 || record.state.health?.Status === "unhealthy") && hasTriesLeft(record);
    default:
      return false;
  }
}

function hasTriesLeft({ hostConfig, state }: ContainerRecord): boolean {
  const max = hostConfig.RestartPolicy?.MaximumRetryCount ?? 0;
  return max === 0 || state.restartCount < max;
}

function policyName({ hostConfig }: ContainerRecord): string {
  return hostConfig.RestartPolicy?.Name || "no";
}

/** At create. @throws EngineError `invalid` with Docker's texts */
export function checkRestart({ RestartPolicy = {}, AutoRemove }: HostConfig): void {
  if (AutoRemove && (RestartPolicy.Name || "no") !== "no")
    throw new EngineError("invalid", "can't create 'AutoRemove' container with restart policy");
  checkRestartPolicy(RestartPolicy);
}

/** Also of an update. @throws EngineError `invalid` with Docker's texts */
export function checkRestartPolicy({ Name = "", MaximumRetryCount: count = 0 }: RestartPolicy): void {
  const refuse = (text: string): never => {
    throw new EngineError("invalid", `invalid restart policy: ${text}`);
  };
  switch (Name) {
    case "on-failure":
    case "on-unhealthy":
      if (count < 0) refuse("maximum retry count cannot be negative");
      return;
    case "":
    case "no":
    case "always":
    case "unless-stopped":
      if (count === 0) return;
      refuse(`maximum retry count can only be used with 'on-failure'${count < 0 ? " and cannot be negative" : ""}`);
      return;
    default:
      refuse(`unknown policy '${Name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`);
  }
}
