import type { HealthResult, HealthState } from "#spec";
import type { HealthCheck } from "./config.ts";

/** Results kept for inspect. */
const keptResults = 5;

/** How long a container has run, when its probe began or now. */
export interface RunTime {
  readonly ranMs: number;
}

/** The health after one more result. Failures while the container starts do not count, unless it was healthy already. */
export function afterProbe(
  state: HealthState,
  result: HealthResult,
  check: HealthCheck,
  { ranMs }: RunTime,
): HealthState {
  const Log = [...state.Log, result].slice(-keptResults);
  if (result.ExitCode === 0) return { Status: "healthy", FailingStreak: 0, Log };
  if (state.Status === "starting" && ranMs < check.startPeriodMs) return { ...state, Log };
  const FailingStreak = state.FailingStreak + 1;
  return { Status: FailingStreak >= check.retries ? "unhealthy" : state.Status, FailingStreak, Log };
}

/** Milliseconds until the next probe. */
export function nextProbe({ Status }: HealthState, check: HealthCheck, { ranMs }: RunTime): number {
  return Status === "starting" && ranMs < check.startPeriodMs ? check.startIntervalMs : check.intervalMs;
}
