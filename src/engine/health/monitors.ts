import { formatDuration, formatRfc3339Nano, messageOf, type ContainerId } from "#core";
import type { HealthResult, HealthState } from "#spec";
import { emitContainerEvent, type ContainerContext } from "../containers/context.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { restartsUnhealthy } from "../containers/restart/restart-policy.ts";
import { endForRestart } from "../containers/run/stop.ts";
import { healthCheckOf, type HealthCheck } from "./config.ts";
import type { HealthMonitors, ProbeOutcome } from "./contract.ts";
import { execProbe } from "./exec-probe.ts";
import { networkProbe } from "./network-probe.ts";
import { afterProbe, nextProbe } from "./state.ts";

export function createHealthMonitors(contextOf: () => ContainerContext): HealthMonitors {
  const monitors = new Map<ContainerId, Monitor>();
  const end = (id: ContainerId): void => {
    monitors.get(id)?.[Symbol.dispose]();
    monitors.delete(id);
  };
  return {
    begin(id) {
      const context = contextOf();
      const record = context.registry.get(id);
      if (record?.state.health === undefined || record.state.status !== "running") return;
      const check = healthCheckOf(record);
      end(id);
      if (check) monitors.set(id, new Monitor(context, record, check));
    },
    end,
    [Symbol.dispose]() {
      for (const id of monitors.keys()) end(id);
    },
  };
}

/** How long a killed probe may take to end before it counts as one that hangs. */
const endGraceMs = 1000;

/** The checks of one run of a container, one after the other. */
class Monitor implements Disposable {
  readonly #context: ContainerContext;
  readonly #id: ContainerId;
  readonly #startedMs: number;
  readonly #check: HealthCheck;
  readonly #ended = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** A probe that was killed has not ended: its container may be frozen. */
  #hangs = false;
  /** It is being stopped for its restart. */
  #ending = false;

  constructor(context: ContainerContext, record: ContainerRecord, check: HealthCheck) {
    this.#context = context;
    this.#id = record.id;
    this.#startedMs = Date.parse(record.state.startedAt);
    this.#check = check;
    // An engine that ended in between leaves this to the next one.
    if (record.state.health?.Status === "unhealthy") this.#restartUnhealthy(record);
    this.#schedule(record.state.health);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#ended.abort();
  }

  #schedule(health: HealthState | undefined): void {
    if (this.#ended.signal.aborted || !health) return;
    this.#timer = setTimeout(() => void this.#round(), nextProbe(health, this.#check, this.#runTime()));
  }

  async #round(): Promise<void> {
    try {
      await this.#probe();
    } catch (error) {
      this.#context.deps.logger.log("warn", "a health check failed", { container: this.#id, error: messageOf(error) });
    }
    this.#schedule(this.#context.registry.get(this.#id)?.state.health);
  }

  /** Resolves when the probe has ended or takes too long for that. */
  async #awaitEnd(gone: Promise<unknown>): Promise<void> {
    this.#hangs = true;
    const ended = gone.then(() => (this.#hangs = false));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, endGraceMs);
    await Promise.race([ended, late]);
    clearTimeout(timer);
  }

  async #probe(): Promise<void> {
    const record = this.#context.registry.find(this.#id);
    const { deps } = this.#context;
    const [startNs, runTime] = [deps.clock.nowNs(), this.#runTime()];
    const { exitCode, output, gone } = this.#hangs
      ? earlierHangs
      : await this.#withTimeout((abort) => runProbe(this.#context, record, this.#check, abort));
    if (this.#ended.signal.aborted) return;
    const [Start, End] = [startNs, deps.clock.nowNs()].map(formatRfc3339Nano) as [string, string];
    this.#record({ Start, End, ExitCode: exitCode, Output: output }, runTime);
    if (!this.#hangs) await this.#awaitEnd(gone);
  }

  async #withTimeout(run: (abort: AbortSignal) => Promise<ProbeOutcome>): Promise<ProbeOutcome> {
    const { timeoutMs } = this.#check;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs);
    try {
      const outcome = await run(AbortSignal.any([late.signal, this.#ended.signal]));
      if (!late.signal.aborted) return outcome;
      const told = outcome.output === "" ? "" : `: ${outcome.output}`;
      return {
        ...outcome,
        exitCode: -1,
        output: `Health check exceeded timeout (${formatDuration(timeoutMs * 1e6)})${told}`,
      };
    } finally {
      clearTimeout(timer);
    }
  }

  #record(result: HealthResult, runTime: { readonly ranMs: number }): void {
    const { registry } = this.#context;
    const before = registry.get(this.#id)?.state.health;
    if (!before) return;
    const health = afterProbe(before, result, this.#check, runTime);
    const record = registry.note(this.#id, { health });
    if (health.Status !== before.Status) emitContainerEvent(this.#context, record, `health_status: ${health.Status}`);
    if (health.Status === "unhealthy") this.#restartUnhealthy(record);
  }

  /** Its exit then is a matter of the restart policy. Nobody waits for it, neither probes nor the engine's end. */
  #restartUnhealthy(record: ContainerRecord): void {
    if (this.#ending || !restartsUnhealthy(record)) return;
    this.#ending = true;
    void this.#end(record);
  }

  async #end(record: ContainerRecord): Promise<void> {
    try {
      await endForRestart(this.#context, record);
    } catch (error) {
      const container = this.#id;
      this.#context.deps.logger.log("warn", "an unhealthy container is not stopped", {
        container,
        error: messageOf(error),
      });
    } finally {
      this.#ending = false;
    }
  }

  #runTime(): { readonly ranMs: number } {
    return { ranMs: this.#context.deps.clock.nowMs() - this.#startedMs };
  }
}

/** Nothing is started beside what already does not end. */
const earlierHangs: ProbeOutcome = {
  exitCode: -1,
  output: "Health check exceeded timeout: the process of an earlier check has not ended",
  gone: Promise.resolve(),
};

function runProbe(
  context: ContainerContext,
  record: ContainerRecord,
  { probe }: HealthCheck,
  abort: AbortSignal,
): Promise<ProbeOutcome> {
  if (probe.kind === "exec") return execProbe(context, record, probe.args, abort);
  return networkProbe(record, probe, abort);
}
