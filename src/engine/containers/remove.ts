import { EngineError } from "#core";
import type { ContainerContext } from "./context.ts";
import { isRunning, type ContainerRecord } from "./record.ts";
import { removeRecord } from "./remove-record.ts";
import { killAndWait } from "./stop.ts";

/** `docker rm`. @throws EngineError `conflict` while it runs, unless forced */
export async function removeContainer(
  context: ContainerContext,
  ref: string,
  options: { readonly force: boolean; readonly volumes: boolean; readonly link: boolean },
): Promise<void> {
  const { id, name } = context.registry.find(ref);
  if (options.link) throw new EngineError("not_implemented", "links are not built yet");
  await context.registry.exclusive(id, async () => undefined);
  if (options.force) await killAndWait(context, id);
  await context.registry.exclusive(id, async () => {
    const record = context.registry.get(id);
    if (!record) return;
    if (isRunning(record)) throw stillRunning(record, name);
    await removeRecord(context, record, record.state.exitCode, options);
  });
}

function stillRunning({ id, state }: ContainerRecord, name: string): EngineError {
  const advice =
    state.status === "paused"
      ? "container is paused and must be unpaused first"
      : "stop the container before removing or force remove";
  const shown = state.status === "paused" ? "" : "container is running: ";
  return new EngineError("conflict", `cannot remove container "${name || id}": ${shown}${advice}`);
}
