import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { failpoint, formatRfc3339Nano, isEngineError, messageOf, type ContainerId } from "#core";
import { resumeRestart } from "./containers/restart/auto-restart.ts";
import type { ContainerContext } from "./containers/context.ts";
import { handleExit } from "./containers/run/exit.ts";
import { logSubject } from "./containers/streams/log-subject.ts";
import { watchMemory } from "./containers/run/oom.ts";
import { isRunning, type ContainerRecord } from "./containers/record.ts";
import { releaseTask } from "./containers/run/release.ts";
import { removeRecord } from "./containers/remove/remove-record.ts";
import { removeStagedBinds } from "./userns/staged-binds.ts";

/**
 * Makes the world agree with the rows after whatever ended the last engine: running containers are found again, exits
 * that nobody saw are handled, and what has no row is removed. The same path serves upgrade, crash and cold boot.
 * @returns the containers without a process, oldest first, as they were found
 */
export async function recover(context: ContainerContext): Promise<readonly ContainerRecord[]> {
  const { deps, registry } = context;
  const repair = await deps.snapshots.reconcile();
  for (const name of repair.damaged) deps.logger.log("error", "a snapshot's files are missing", { snapshot: name });
  await deps.content.reconcile();
  const { broken } = await deps.images.reconcile();
  for (const id of broken) deps.logger.log("error", "an image's content is missing", { image: id });
  await deps.volumes.reconcile();
  failpoint("recover.stores");
  const known = new Set<string>([...registry.all().map(({ id }) => id), ...registry.unreadable]);
  removeStagedBinds(deps);
  const holders = await holdersOf(context);
  const stopped: ContainerRecord[] = [];
  for (const record of registry.all()) if (!(await recoverContainer(context, record, holders))) stopped.push(record);
  failpoint("recover.containers");
  await removeStrangers(context, known);
  await removeOrphanVolumes(context, known);
  failpoint("recover.strangers");
  const running = registry.all().filter(isRunning);
  await deps.network.reconcile(new Set([...running.map(({ id }) => id), ...registry.unreadable]));
  failpoint("recover.network");
  await context.initLayers.drop();
  await deps.content.collect({ ingestAgeMs: 24 * 3_600_000 });
  return stopped;
}

/** Ids that hold something of a run: a task, a sandbox or a mount point. */
async function holdersOf({ deps }: ContainerContext): Promise<ReadonlySet<string>> {
  const mountPoints = await namesIn(join(deps.paths.execRoot, "rootfs"));
  return new Set([...deps.runtime.list(), ...deps.sandboxes.list(), ...mountPoints]);
}

/** True for a container that runs. */
async function recoverContainer(
  context: ContainerContext,
  record: ContainerRecord,
  holders: ReadonlySet<string>,
): Promise<boolean> {
  if (record.buildStep) await removeRecord(context, record, 137, { volumes: true });
  else if (isRunning(record)) return adoptTask(context, record);
  else await recoverStopped(context, record, holders);
  return false;
}

async function adoptTask(context: ContainerContext, record: ContainerRecord): Promise<boolean> {
  const { id, state } = record;
  const status = context.deps.runtime.adopt(id);
  switch (status.kind) {
    case "running":
    case "paused":
      context.taskEnds.begin(id);
      // Each row that is written waits for the disk; nearly all say it already.
      if (state.status !== status.kind || state.pid !== status.pid) {
        context.registry.update(id, { status: status.kind, pid: status.pid });
      }
      context.health.begin(id);
      watchMemory(context, record);
      context.logging.adopt(logSubject(context.deps, record), context.taskEnds.of(id));
      return true;
    case "exited":
      context.logging.drain(logSubject(context.deps, record));
      handleExit(context, status.exit);
      return false;
    case "created":
      return finishStart(context, record, status.pid);
    case "absent":
      handleExit(context, lostExit(context, id), { isLost: true });
      return false;
  }
}

/** Its row says that it runs, so all is ready but the last step: letting its process go. @returns whether it runs */
async function finishStart(context: ContainerContext, record: ContainerRecord, pid: number): Promise<boolean> {
  const { id } = record;
  const { deps, registry, taskEnds } = context;
  taskEnds.begin(id);
  context.logging.adopt(logSubject(deps, record), taskEnds.of(id));
  try {
    await deps.runtime.start(id);
  } catch (error) {
    if (!isEngineError(error)) throw error;
    deps.logger.log("warn", "a start that was cut short cannot be finished", {
      container: id,
      error: messageOf(error),
    });
    await deps.runtime.delete(id);
    handleExit(context, lostExit(context, id), { isLost: true });
    return false;
  }
  registry.update(id, { status: "running", pid });
  context.health.begin(id);
  watchMemory(context, record);
  return true;
}

/** A start that was cut short before its row said "running" leaves something at each step; a removal may too. */
async function recoverStopped(
  context: ContainerContext,
  record: ContainerRecord,
  holders: ReadonlySet<string>,
): Promise<void> {
  if (holders.has(record.id)) await releaseTask(context, record);
  context.logging.drain(logSubject(context.deps, record));
  if (record.hostConfig.AutoRemove && record.state.status === "exited") {
    await removeRecord(context, record, record.state.exitCode, { volumes: true });
  }
  if (record.state.status === "restarting") resumeRestart(context, record);
}

/** The end of a container of which nothing is left: the host was switched off, or start never came that far. */
function lostExit({ deps }: ContainerContext, id: ContainerId): Parameters<typeof handleExit>[1] {
  const exitedAtNs = deps.clock.nowNs();
  deps.logger.log("warn", "a container ended unseen", { container: id, at: formatRfc3339Nano(exitedAtNs) });
  return { id, exitCode: 255, exitedAtNs, oomKilled: false };
}

/** @param known ids that had a row when this engine opened: if one goes, its own removal takes what it held. */
async function removeStrangers(context: ContainerContext, known: ReadonlySet<string>): Promise<void> {
  const { deps } = context;
  for (const id of deps.runtime.list()) if (!known.has(id)) await deps.runtime.delete(id);
  for (const id of deps.sandboxes.list()) if (!known.has(id)) deps.sandboxes.remove(id);
  for (const info of deps.snapshots.walk()) {
    const isStray = info.kind !== "committed" && !known.has(info.name);
    if (isStray) await deps.snapshots.remove(info.name as Parameters<typeof deps.snapshots.remove>[0]);
  }
  await removeDirectories(join(deps.paths.dataRoot, "containers"), known);
  await removeMountPoints(context, join(deps.paths.execRoot, "rootfs"), (name) => !known.has(name));
  await removeMountPoints(context, join(deps.paths.execRoot, "shm"), (name) => !known.has(name));
  await removeMountPoints(context, deps.paths.execRoot, (name) => /^(init|copy-up|files)-/.test(name));
}

/** Anonymous volumes whose container came never to be, or went with them. */
async function removeOrphanVolumes({ deps, registry }: ContainerContext, known: ReadonlySet<string>): Promise<void> {
  const inUse = new Set(registry.all().flatMap(({ mounts }) => mounts.map(({ Name }) => Name)));
  for (const { name, owner } of deps.volumes.owned()) {
    if (!known.has(owner) && !inUse.has(name)) await deps.volumes.remove(name);
  }
}

/** Nothing is ever mounted below these. */
async function removeDirectories(directory: string, known: ReadonlySet<string>): Promise<void> {
  for (const name of await namesIn(directory)) {
    if (!known.has(name)) await rm(join(directory, name), { recursive: true, force: true });
  }
}

/** Mount points that a dead engine left in a namespace that is still alive. Not recursive: behind a mount lie files of images. */
async function removeMountPoints(
  { deps }: ContainerContext,
  directory: string,
  isStray: (name: string) => boolean,
): Promise<void> {
  for (const name of await namesIn(directory)) {
    if (!isStray(name)) continue;
    deps.mounter.unmount(join(directory, name));
    await rmdir(join(directory, name));
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
