import { rm } from "node:fs/promises";
import { failpoint, isEngineError, type ContainerId } from "#core";
import { afterAnswers } from "../../background.ts";
import { emitContainerEvent, type ContainerContext } from "../context.ts";
import { containerFiles } from "../host-files.ts";
import { logSubject } from "../streams/log-subject.ts";
import { snapshotKeyOf, type ContainerRecord } from "../record.ts";
import { releaseTask } from "../run/release.ts";

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
  if (!options.volumes && record.mounts.some(({ anonymous }) => anonymous)) deps.volumes.release(record.id);
  registry.delete(record.id);
  emitContainerEvent(context, record, "destroy");
  signals.emit(record.id, { kind: "removed", exitCode });
  background.run("removal of a container", async () => {
    await afterAnswers();
    await background.retrying("removal of a container", () => removeRest(context, record, options));
    deps.logger.log("debug", "container removed", { container: record.id });
  });
}

async function removeRest(
  context: ContainerContext,
  record: ContainerRecord,
  options: { readonly volumes: boolean },
): Promise<void> {
  failpoint("remove.row");
  await releaseTask(context, record);
  failpoint("remove.released");
  await context.logging.forget(logSubject(context.deps, record));
  await forgetFiles(context, record.id);
  failpoint("remove.files");
  if (options.volumes) await removeAnonymousVolumes(context, record);
}

async function forgetFiles({ deps }: ContainerContext, id: ContainerId): Promise<void> {
  const key = snapshotKeyOf(id);
  if (deps.snapshots.statKey(key)) await deps.snapshots.remove(key);
  failpoint("remove.snapshot");
  await rm(containerFiles(deps, id).directory, { recursive: true, force: true });
}

async function removeAnonymousVolumes({ deps, registry }: ContainerContext, record: ContainerRecord): Promise<void> {
  const inUse = new Set(registry.all().flatMap(({ mounts }) => mounts.map(({ Name }) => Name)));
  for (const { anonymous, Name, Driver = "local" } of record.mounts) {
    if (!anonymous || Name === undefined || inUse.has(Name)) continue;
    try {
      await deps.volumes.remove(Name);
    } catch (error) {
      if (isEngineError(error, "not_found")) continue;
      throw error;
    }
    deps.events.emit({ type: "volume", action: "destroy", id: Name, attributes: { driver: Driver } });
  }
  // What another container uses stays with that one.
  if (record.mounts.some(({ anonymous }) => anonymous)) deps.volumes.release(record.id);
}
