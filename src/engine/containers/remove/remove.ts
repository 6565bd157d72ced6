import { EngineError, type ContainerId } from "#core";
import { cancelRestart } from "../restart/cancel-restart.ts";
import type { ContainerContext } from "../context.ts";
import { isActive, isRunning, type ContainerRecord } from "../record.ts";
import { removeRecord } from "./remove-record.ts";
import { hasRestartPolicy } from "../restart/restart-policy.ts";
import { killAndWait } from "../run/stop.ts";

/** `docker rm`. @throws EngineError `conflict` while it runs, unless forced */
export async function removeContainer(
  context: ContainerContext,
  ref: string,
  options: { readonly force: boolean; readonly volumes: boolean; readonly link: boolean },
): Promise<void> {
  const { id, name } = context.registry.find(ref);
  if (options.link) throw new EngineError("not_implemented", "links are not built yet");
  if (options.force) await context.starting.giveUp(id);
  await context.registry.exclusive(id, async () => (options.force ? endPolicy(context, id) : undefined));
  if (options.force) await killAndWait(context, id);
  await context.registry.exclusive(id, async () => {
    const record = context.registry.get(id);
    if (!record) return;
    if (isActive(record)) throw stillRunning(record, name);
    await removeRecord(context, record, record.state.exitCode, options);
  });
}

/** What is to be removed must not be started again meanwhile. */
function endPolicy(context: ContainerContext, id: ContainerId): void {
  const record = context.registry.get(id);
  if (record?.state.status === "restarting") cancelRestart(context, record);
  else if (record && isRunning(record) && hasRestartPolicy(record))
    context.registry.update(id, { stoppedByUser: true });
}

function stillRunning({ id, state }: ContainerRecord, name: string): EngineError {
  const advice =
    state.status === "paused"
      ? "container is paused and must be unpaused first"
      : "stop the container before removing or force remove";
  const shown = state.status === "paused" ? "" : `container is ${state.status}: `;
  return new EngineError("conflict", `cannot remove container "${name || id}": ${shown}${advice}`);
}
