import { EngineError, maxTimerMs } from "#core";
import type { ContainerConfig, HealthConfig, HealthState } from "#spec";
import type { ContainerRecord } from "../containers/record.ts";
import { parseHttpTarget, parseTcpTarget, type HttpTarget, type ProbeTarget } from "./targets.ts";

export type Probe =
  | { readonly kind: "exec"; readonly args: readonly string[] }
  | { readonly kind: "tcp"; readonly target: ProbeTarget }
  | { readonly kind: "http"; readonly target: HttpTarget };

/** A container's health check with Docker's defaults filled in. */
export interface HealthCheck {
  readonly probe: Probe;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
  readonly retries: number;
}

/** What an image says where the request says nothing, field by field; without what nobody said. */
export function mergeHealth(
  own: HealthConfig | null | undefined,
  base: HealthConfig | null | undefined,
): HealthConfig | undefined {
  if (!own && !base) return undefined;
  const Test = own?.Test?.length ? own.Test : (base?.Test ?? []);
  const times = timings.map((key) => [key, own?.[key] || base?.[key] || 0] as const);
  return { ...(Test.length > 0 ? { Test } : {}), ...Object.fromEntries(times.filter(([, value]) => value !== 0)) };
}

const timings = ["Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"] as const;
type Timing = (typeof timings)[number];

/** @throws EngineError `invalid` with Docker's texts */
export function checkHealth(health: HealthConfig | null | undefined): void {
  if (!health) return;
  checkDuration("Interval", health);
  checkDuration("Timeout", health);
  if ((health.Retries ?? 0) < 0) throw new EngineError("invalid", "Retries in Healthcheck cannot be negative");
  checkDuration("StartPeriod", health);
  checkDuration("StartInterval", health);
  probeOf(health, undefined);
}

function checkDuration(key: Exclude<Timing, "Retries">, health: HealthConfig): void {
  const ns = health[key] ?? 0;
  if (ns !== 0 && ns < 1e6) throw new EngineError("invalid", `${key} in Healthcheck cannot be less than 1ms`);
}

/** Undefined for a container that has none. */
export function healthCheckOf({ config, buildStep }: ContainerRecord): HealthCheck | undefined {
  const health = config.Healthcheck;
  const probe = health && buildStep !== true ? probeOf(health, config.Shell) : undefined;
  if (!health || !probe) return undefined;
  return {
    probe,
    intervalMs: milliseconds(health.Interval, 30_000),
    timeoutMs: milliseconds(health.Timeout, 30_000),
    startPeriodMs: milliseconds(health.StartPeriod, 0),
    startIntervalMs: milliseconds(health.StartInterval, 5000),
    retries: health.Retries || 3,
  };
}

/** As Docker, a kind that nobody knows is no health check. @throws EngineError `invalid` for a target that is none */
function probeOf({ Test = [] }: HealthConfig, shell: ContainerConfig["Shell"]): Probe | undefined {
  const [kind, ...args] = Test;
  switch (kind) {
    case "CMD":
      return { kind: "exec", args };
    case "CMD-SHELL":
      return { kind: "exec", args: [...(shell && shell.length > 0 ? shell : ["/bin/sh", "-c"]), ...args] };
    case "TCP":
      return { kind: "tcp", target: parseTcpTarget(args.join(" ")) };
    case "HTTP":
      return { kind: "http", target: parseHttpTarget(args.join(" ")) };
    default:
      return undefined;
  }
}

function milliseconds(ns: number | undefined, initialMs: number): number {
  return ns ? Math.min(Math.max(ns / 1e6, 1), maxTimerMs) : initialMs;
}

/** The health of a container that is being started. Results of earlier runs stay to be seen, as in Docker. */
export function startingHealth(record: ContainerRecord): HealthState | undefined {
  if (!record.config.Healthcheck || !healthCheckOf(record)) return undefined;
  return { Status: "starting", FailingStreak: 0, Log: record.state.health?.Log ?? [] };
}

/** As Docker shows it: what is not probed, because it is paused or does not run, counts as unhealthy. */
export function shownHealth({ state }: ContainerRecord): HealthState | undefined {
  if (!state.health || state.status === "running") return state.health;
  return { ...state.health, Status: "unhealthy" };
}
