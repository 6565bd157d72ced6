import type { ContainerId } from "#core";

/** Runs the health checks of running containers: one timer for each that has one, none for all others. */
export interface HealthMonitors extends Disposable {
  /** The container runs, again or for the first time; its status stays what its record says. Harmless without a health check. */
  begin(id: ContainerId): void;
  /** It does not run any more, or is paused. A probe under way is killed. */
  end(id: ContainerId): void;
}

/** How a probe ended. */
export interface ProbeOutcome {
  /** 0 is healthy; -1 when it could not be run or took too long. */
  readonly exitCode: number;
  readonly output: string;
  /** Settles when nothing of the probe is left; no other is started before. */
  readonly gone: Promise<unknown>;
}
