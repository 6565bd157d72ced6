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

/** What an image says where the request says nothing, field by field. */
export function mergeHealth(
  own: HealthConfig | null | undefined,
  base: HealthConfig | null | undefined,
): HealthConfig | undefined {
  if (!own || !base) return own ?? base ?? undefined;
  return {
    ...base,
    ...own,
    ...((own.Test ?? []).length === 0 && base.Test ? { Test: base.Test } : {}),
    ...inherited("Interval", own, base),
    ...inherited("Timeout", own, base),
    ...inherited("StartPeriod", own, base),
    ...inherited("StartInterval", own, base),
    ...inherited("Retries", own, base),
  };
}

type Timing = Exclude<keyof HealthConfig, "Test">;

function inherited(key: Timing, own: HealthConfig, base: HealthConfig): HealthConfig {
  const value = own[key] || base[key];
  return value === undefined ? {} : { [key]: value };
}

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
