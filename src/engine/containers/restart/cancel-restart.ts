import { failpoint } from "#core";
import type { ContainerContext } from "../context.ts";
import type { ContainerRecord } from "../record.ts";

/** Ends the wait for the next restart: the container has stopped, and its user wanted it so. The caller holds its lock. */
export function cancelRestart({ registry, restarts, signals }: ContainerContext, { id, state }: ContainerRecord): void {
  restarts.cancel(id);
  registry.update(id, { status: "exited", stoppedByUser: true });
  failpoint("restart.cancelled");
  signals.emit(id, { kind: "exited", exitCode: state.exitCode });
}
