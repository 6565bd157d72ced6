import { EngineError, failpoint, formatRfc3339Nano, messageOf, parseSignal, type ContainerId } from "#core";
import { startFailureExitCode, type TaskHandle, type TaskRequest } from "#runtime";
import type { OciSpec } from "#spec";
import { ownStreams } from "../../userns/own-streams.ts";
import { stageBinds } from "../../userns/staged-binds.ts";
import { prepareNetwork, type ConnectedNetwork, type PreparedNetwork } from "../../network/attach.ts";
import { startingHealth } from "../../health/config.ts";
import { emitContainerEvent, type ContainerContext } from "../context.ts";
import { writeHostsFile, writeNetworkFiles, type ContainerFiles } from "../host-files.ts";
import { logSubject } from "../streams/log-subject.ts";
import { watchMemory } from "./oom.ts";
import { isActive, type ContainerRecord } from "../record.ts";
import { releaseTask } from "./release.ts";
import { removeRecord } from "../remove/remove-record.ts";
import { mountSharedMemory } from "./shared-memory.ts";
import { emitRunBegins } from "./run-events.ts";
import { bindMounts, containerSpec } from "./spec.ts";

/** @throws EngineError `not_modified` when it runs, `conflict` when paused or being removed, or why it could not start */
export function startContainer(context: ContainerContext, id: ContainerId): Promise<void> {
  return context.registry.exclusive(id, async () => {
    const record = context.registry.find(id);
    checkStartable(record);
    await runContainer(context, record, "user");
  });
}

/** Whose wish a start is. The policy's own starts go on counting; all others begin anew. */
export type StartCause = "user" | "policy" | "engine";

/** The caller holds the container's lock and knows that it does not run. @throws EngineError why it could not start */
export async function runContainer(
  context: ContainerContext,
  record: ContainerRecord,
  cause: StartCause,
): Promise<void> {
  await releaseLastRun(context, record.id);
  try {
    await startTask(context, record, cause);
  } catch (error) {
    await recordFailure(context, record, error);
    throw error;
  }
}

function checkStartable(record: ContainerRecord): void {
  if (record.state.status === "paused")
    throw new EngineError("conflict", "cannot start a paused container, try unpause instead");
  if (isActive(record)) throw new EngineError("not_modified", `container ${record.id} is already running`);
  if (record.state.status === "removing" || record.state.status === "dead") {
    throw new EngineError("conflict", "container is marked for removal and cannot be started");
  }
}

/** With the record of that run: the one of today has no endpoint any more. */
async function releaseLastRun(context: ContainerContext, id: ContainerId): Promise<void> {
  const last = context.unreleased.get(id);
  if (last) await releaseTask(context, last);
  context.unreleased.delete(id);
}

/** Acquires in order root, sandbox, task and network; a throw gives all back, last first. */
async function startTask(context: ContainerContext, record: ContainerRecord, cause: StartCause): Promise<void> {
  const { deps, registry, signals, taskEnds, logging } = context;
  const log = logSubject(deps, record);
  await logging.prepare(log);
  await using undo = new AsyncDisposableStack();
  using userNamespace = record.userNamespace && (await context.userNamespaces.open(record));
  if (userNamespace) failpoint("userns.opened");
  context.roots.mountForTask(record, undo, userNamespace?.ids);
  mountSharedMemory(context, record, undo, userNamespace?.ids);
  failpoint("start.root");
  const network = prepareNetwork(context, record, undo, userNamespace?.networkPath);
  failpoint("start.sandbox");
  const files = writeNetworkFiles(deps, record);
  failpoint("start.files");
  const binds = bindMounts(record, files);
  using staged = userNamespace && stageBinds(deps, record.id, binds, userNamespace.ids);
  const ground = { files, sandboxPath: network.sandboxPath, userNamespace, mounts: staged?.mounts ?? binds };
  const { spec, warnings } = containerSpec(context, record, ground);
  for (const warning of warnings) deps.logger.log("warn", warning, { container: record.id });
  const [task, { endpoint, ports }] = await bothOf(
    createTask(context, taskRequest(record, spec, files)),
    // Meanwhile the monitor starts; nothing of the container runs before `start`.
    connect(network, files, record),
    () => undo.defer(() => deps.runtime.delete(record.id)),
  );
  if (userNamespace) {
    ownStreams(task.pid, spec.process.user, userNamespace.mappings);
    failpoint("userns.streams");
  }
  failpoint("start.task");
  taskEnds.begin(record.id);
  undo.defer(() => taskEnds.settle(record.id));
  logging.begin(log, taskEnds.of(record.id));
  undo.defer(() => logging.end(record.id));
  registry.update(record.id, {
    status: "running",
    pid: task.pid,
    exitCode: 0,
    error: "",
    oomKilled: false,
    startedAt: formatRfc3339Nano(deps.clock.nowNs()),
    stoppedByUser: false,
    ...(cause === "policy" ? {} : { restartCount: 0, restartDelayMs: 0 }),
    health: startingHealth(record),
    endpoint,
    ports,
  });
  failpoint("start.row");
  await deps.runtime.start(record.id);
  failpoint("start.released");
  undo.move();
  emitRunBegins(context, record);
  signals.emit(record.id, { kind: "started", ended: taskEnds.of(record.id) });
  emitContainerEvent(context, record, "start");
  context.health.begin(record.id);
  watchMemory(context, record);
}

/** Whoever ends the container meanwhile can give up a creation that hangs. */
async function createTask({ deps, starting }: ContainerContext, request: TaskRequest): Promise<TaskHandle> {
  using creation = starting.begin(request.id);
  return await deps.runtime.create({ ...request, abort: creation.signal });
}

function taskRequest({ id, config, hostConfig }: ContainerRecord, spec: OciSpec, files: ContainerFiles): TaskRequest {
  return {
    id,
    spec,
    runtime: hostConfig.Runtime ?? "",
    logPath: files.log,
    tty: config.Tty === true,
    openStdin: config.OpenStdin === true,
    stdinOnce: config.StdinOnce === true,
  };
}

async function connect(
  network: PreparedNetwork,
  files: ContainerFiles,
  record: ContainerRecord,
): Promise<ConnectedNetwork> {
  const connected = await network.connect();
  if (connected.endpoint) writeHostsFile(files, record, connected.endpoint);
  return connected;
}

/** Both results, once both have settled: what one has made can then be undone although the other failed. */
async function bothOf<A, B>(first: Promise<A>, second: Promise<B>, settled: () => void): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  settled();
  return [await first, await second];
}

async function recordFailure(context: ContainerContext, record: ContainerRecord, error: unknown): Promise<void> {
  const { registry, signals } = context;
  if (!registry.get(record.id)) return;
  const exitCode = startFailureExitCode(messageOf(error));
  registry.update(record.id, {
    ...record.state,
    status: record.state.status === "created" ? "created" : "exited",
    pid: 0,
    exitCode,
    error: messageOf(error),
    endpoint: undefined,
    ports: undefined,
  });
  signals.emit(record.id, { kind: "start_failed" });
  if (record.state.status === "restarting") signals.emit(record.id, { kind: "exited", exitCode });
  if (record.hostConfig.AutoRemove) await removeRecord(context, record, exitCode, { volumes: true });
}

/** The signal that stops this container, as its number. */
export function stopSignalOf(record: ContainerRecord, asked: string | undefined): number {
  return parseSignal(asked || record.config.StopSignal || "SIGTERM");
}
