import { rm } from "node:fs/promises";
import { EngineError, isEngineError, type ContainerId } from "#core";
import { emitContainerEvent, type ContainerContext } from "./context.ts";
import { snapshotKeyOf } from "./create.ts";
import { releaseTask } from "./exit.ts";
import { containerFiles } from "./files.ts";
import { isRunning, type ContainerRecord } from "./record.ts";
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
  const advice = state.status === "paused" ? "container is paused and must be unpaused first" : "stop the container before removing or force remove";
  const shown = state.status === "paused" ? "paused" : "running";
  return new EngineError("conflict", `cannot remove container "${name || id}": container is ${shown}: ${advice}`);
}

/**
 * Ends a container. The row goes first, and with it the name; what is left without a row is removed in the background,
 * and by the next boot if that is cut short.
 */
export async function removeRecord(
  context: ContainerContext,
  record: ContainerRecord,
  exitCode: number,
  options: { readonly volumes: boolean },
): Promise<void> {
  const { deps, registry, signals, background } = context;
  registry.delete(record.id);
  emitContainerEvent(context, record, "destroy");
  signals.emit(record.id, { kind: "removed", exitCode });
  background.run("removal of a container", async () => {
    await releaseTask(context, record);
    await forgetFiles(context, record.id);
    if (options.volumes) await removeAnonymousVolumes(context, record);
    deps.logger.log("debug", "container removed", { container: record.id });
  });
}

async function forgetFiles({ deps }: ContainerContext, id: ContainerId): Promise<void> {
  const key = snapshotKeyOf(id);
  if (deps.snapshots.statKey(key)) await deps.snapshots.remove(key);
  await rm(containerFiles(deps, id).directory, { recursive: true, force: true });
}

async function removeAnonymousVolumes({ deps, registry }: ContainerContext, record: ContainerRecord): Promise<void> {
  const inUse = new Set(registry.all().flatMap(({ mounts }) => mounts.map(({ Name }) => Name)));
  for (const { anonymous, Name } of record.mounts) {
    if (!anonymous || Name === undefined || inUse.has(Name)) continue;
    await deps.volumes.remove(Name).catch((error: unknown) => {
      if (!isEngineError(error, "not_found")) throw error;
    });
  }
}
