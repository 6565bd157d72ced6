import { EngineError, isEngineError, messageOf, parseExecId, randomHexId, type ContainerId, type ExecId } from "#core";
import {
  apparmorProfile,
  createProcess,
  parseSecurityOptions,
  resolveCapabilities,
  resolveUser,
  startFailureExitCode,
  type ExecTask,
} from "#runtime";
import type { ExecCreateRequest, ExecInspect, ExecStartRequest, OciProcess } from "#spec";
import type { AttachSession, Execs, StdinWriter, StreamFrame } from "../contract.ts";
import { emitContainerEvent, type ContainerContext } from "../containers/context.ts";
import { isRunning, refuseRestarting, type ContainerRecord } from "../containers/record.ts";

/** How long a finished exec can be inspected. */
const keepMs = 5 * 60_000;
/** How long a resize waits for its process. */
const resizeWaitMs = 10_000;

/** An exec in memory: it ends with the engine, as its process does. */
interface Exec {
  readonly id: ExecId;
  readonly containerId: ContainerId;
  readonly request: ExecCreateRequest;
  readonly started: PromiseWithResolvers<ExecTask | undefined>;
  readonly ended: PromiseWithResolvers<void>;
  state: "created" | "running" | "ended";
  pid: number;
  exitCode: number | null;
}

export interface ExecTable extends Execs {
  create(ref: string, request: ExecCreateRequest): { readonly Id: string };
  idsOf(id: ContainerId): readonly string[] | null;
}

export function createExecTable(contextOf: () => ContainerContext): ExecTable {
  const execs = new Map<string, Exec>();
  const find = (id: string): Exec => {
    const exec = execs.get(id);
    if (!exec) throw new EngineError("not_found", `No such exec instance: ${id}`);
    return exec;
  };
  const forget = (id: string): void => void setTimeout(() => execs.delete(id), keepMs).unref();
  return {
    create(ref, request) {
      const exec = newExec(contextOf(), ref, request);
      execs.set(exec.id, exec);
      forgetUnstarted(contextOf(), exec, execs);
      return { Id: exec.id };
    },
    idsOf(id) {
      const ids = [...execs.values()]
        .filter((exec) => exec.containerId === id && exec.state !== "ended")
        .map((exec) => exec.id);
      return ids.length === 0 ? null : ids;
    },
    inspect: (id) => inspectExec(find(id)),
    ended: (id) => find(id).ended.promise,
    startDetached: (id) => startDetached(contextOf(), find(id), () => forget(id)),
    start: async (id, request) => startAttached(contextOf(), find(id), request, () => forget(id)),
    async resize(id, size) {
      const task = await withTimeout(find(id).started.promise, resizeWaitMs);
      task?.resize(size);
    },
  };
}

/** As in Docker, an exec that nobody started goes with the run of its container. */
function forgetUnstarted({ signals }: ContainerContext, exec: Exec, execs: Map<string, Exec>): void {
  const listening = signals.listen(exec.containerId, ({ kind }) => {
    if (kind !== "exited" && kind !== "removed") return;
    listening[Symbol.dispose]();
    if (exec.state === "created") execs.delete(exec.id);
  });
  void exec.started.promise.then(() => listening[Symbol.dispose]());
}

function newExec(context: ContainerContext, ref: string, request: ExecCreateRequest): Exec {
  const record = runningContainer(context, ref);
  if ((request.Cmd ?? []).length === 0) throw new EngineError("invalid", "No exec command specified");
  if (request.User) resolveUser(`/proc/${record.state.pid}/root`, request.User);
  const exec: Exec = {
    id: parseExecId(randomHexId()),
    containerId: record.id,
    request,
    started: Promise.withResolvers(),
    ended: Promise.withResolvers(),
    state: "created",
    pid: 0,
    exitCode: null,
  };
  emitExecEvent(context, exec, `exec_create: ${commandText(request)}`);
  return exec;
}

/** As Docker writes it in events: with a blank behind a command that has no arguments. */
export function commandText({ Cmd }: ExecCreateRequest): string {
  const [command = "", ...args] = Cmd ?? [];
  return `${command} ${args.join(" ")}`;
}

function emitExecEvent(
  context: ContainerContext,
  exec: Exec,
  action: string,
  attributes: Readonly<Record<string, string>> = {},
): void {
  const record = context.registry.get(exec.containerId);
  if (record) emitContainerEvent(context, record, action, { execID: exec.id, ...attributes });
}

function runningContainer({ registry }: ContainerContext, ref: string): ContainerRecord {
  const record = registry.find(ref);
  if (record.state.status === "paused")
    throw new EngineError("conflict", `Container ${ref} is paused, unpause the container before exec`);
  refuseRestarting(record);
  if (!isRunning(record)) throw new EngineError("conflict", `container ${record.id} is not running`);
  return record;
}

/**
 * Starts the command. What the request is to blame for is thrown at once: then the exec has not begun. The promise fails
 * with what the runtime says.
 */
function launch(
  context: ContainerContext,
  exec: Exec,
  start: ExecStartRequest & { detached: boolean },
): Promise<ExecTask> {
  if (exec.state === "running") throw new EngineError("conflict", `exec command ${exec.id} is already running`);
  if (exec.state === "ended") throw new EngineError("conflict", `exec command ${exec.id} has already run`);
  const record = runningContainer(context, exec.containerId);
  const process = execProcess(context, record, exec.request, start);
  exec.state = "running";
  emitExecEvent(context, exec, `exec_start: ${commandText(exec.request)}`);
  return spawn(context, exec, { process, detached: start.detached });
}

async function spawn(
  context: ContainerContext,
  exec: Exec,
  { process, detached }: { readonly process: OciProcess; readonly detached: boolean },
): Promise<ExecTask> {
  try {
    checkWorkingDir(exec.request);
    const task = await context.deps.runtime.exec({
      id: exec.containerId,
      process,
      tty: exec.request.Tty === true,
      stdin: exec.request.AttachStdin === true && !detached,
      detached,
    });
    exec.pid = task.pid;
    exec.started.resolve(task);
    return task;
  } catch (error) {
    exec.state = "ended";
    exec.exitCode = startFailureExitCode(messageOf(error));
    exec.started.resolve(undefined);
    exec.ended.resolve();
    throw error;
  }
}

/** A process beside the container's own, as the exec's request and the container's configuration say. */
/** As the runtime refuses it, after the exec counts as started. */
function checkWorkingDir({ WorkingDir = "" }: ExecCreateRequest): void {
  if (WorkingDir === "" || WorkingDir.startsWith("/")) return;
  throw new EngineError("internal", "OCI runtime exec failed: exec failed: Cwd must be an absolute path");
}

export function execProcess(
  context: ContainerContext,
  record: ContainerRecord,
  request: ExecCreateRequest,
  start: ExecStartRequest,
): OciProcess {
  const user = resolveUser(
    `/proc/${record.state.pid}/root`,
    request.User || record.config.User || "",
    record.hostConfig.GroupAdd ?? [],
  );
  const { capabilities } = resolveCapabilities({
    add: record.hostConfig.CapAdd ?? [],
    drop: record.hostConfig.CapDrop ?? [],
    privileged: request.Privileged === true || record.hostConfig.Privileged === true,
    available: context.specHost.capabilities,
  });
  return createProcess({
    args: request.Cmd ?? [],
    env: [...(record.config.Env ?? []), ...(request.Env ?? [])],
    cwd: request.WorkingDir || record.config.WorkingDir || "",
    user,
    tty: request.Tty === true,
    consoleSize: start.ConsoleSize ?? request.ConsoleSize ?? undefined,
    capabilities,
    noNewPrivileges: parseSecurityOptions(record.hostConfig.SecurityOpt ?? []).noNewPrivileges,
    apparmorProfile: apparmorProfile(record.hostConfig, context.specHost),
    hostname: record.config.Hostname,
  });
}

async function startDetached(context: ContainerContext, exec: Exec, forget: () => void): Promise<void> {
  const task = await launch(context, exec, { detached: true });
  task.discardOutput();
  afterwards(context, exec, task, forget);
}

/** Whoever reads the output or leaves, the exec counts as ended once its process has. The engine's end does not wait for it. */
function afterwards(context: ContainerContext, exec: Exec, { exited }: ExecTask, forget: () => void): void {
  const { logger } = context.deps;
  void exited
    .then((exitCode) => settle(context, exec, exitCode))
    .catch((error: unknown) => logger.log("warn", "end of an exec failed", { error: messageOf(error) }))
    .finally(forget);
}

/**
 * The session is there before the command runs, so that a client has its answer before the first output: some read both from
 * one buffer, and lose what came with the answer.
 */
function startAttached(
  context: ContainerContext,
  exec: Exec,
  request: ExecStartRequest,
  forget: () => void,
): AttachSession {
  const launched = launch(context, exec, { ...request, detached: false });
  const task = launched.catch(() => undefined);
  void task.then((started) => (started ? afterwards(context, exec, started, forget) : forget()));
  return {
    tty: exec.request.Tty === true,
    output: execOutput(context, exec, launched),
    ...(exec.request.AttachStdin === true && { stdin: lateStdin(task) }),
    detached: () => emitExecEvent(context, exec, "exec_detach"),
    async [Symbol.asyncDispose]() {
      const started = await task;
      started?.discardOutput();
      started?.stdin?.end();
    },
  };
}

/** What is written waits for the start; it is dropped when that fails. */
function lateStdin(task: Promise<ExecTask | undefined>): StdinWriter {
  return {
    async write(chunk) {
      await (await task)?.stdin?.write(chunk);
    },
    end: () => void task.then((started) => started?.stdin?.end()),
  };
}

/** A failed start as text. Ends only after the exec counts as ended, since clients inspect it at once. */
async function* execOutput(
  context: ContainerContext,
  exec: Exec,
  launched: Promise<ExecTask>,
): AsyncGenerator<StreamFrame, void, undefined> {
  const { AttachStdout, AttachStderr, Tty } = exec.request;
  let task: ExecTask;
  try {
    task = await launched;
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return yield* failureOutput(messageOf(error));
  }
  for await (const frame of task.output) {
    if (Tty || (frame.stream === "stdout" ? AttachStdout : AttachStderr)) yield frame;
  }
  settle(context, exec, await task.exited);
}

async function* failureOutput(message: string): AsyncGenerator<StreamFrame, void, undefined> {
  yield { stream: "stdout", data: Buffer.from(`${message}\r\n`) };
}

function settle(context: ContainerContext, exec: Exec, exitCode: number): void {
  if (exec.state === "ended") return;
  exec.state = "ended";
  exec.exitCode = exitCode;
  exec.ended.resolve();
  emitExecEvent(context, exec, "exec_die", { exitCode: String(exitCode) });
}

function inspectExec(exec: Exec): ExecInspect {
  const { request } = exec;
  const [entrypoint = "", ...rest] = request.Cmd ?? [];
  return {
    ID: exec.id,
    Running: exec.state === "running",
    ExitCode: exec.exitCode,
    ProcessConfig: {
      tty: request.Tty === true,
      entrypoint,
      arguments: rest,
      privileged: request.Privileged === true,
      ...(request.User ? { user: request.User } : {}),
    },
    OpenStdin: request.AttachStdin === true,
    OpenStderr: request.AttachStderr === true,
    OpenStdout: request.AttachStdout === true,
    // Docker sets it when it is about to forget the exec.
    CanRemove: false,
    ContainerID: exec.containerId,
    DetachKeys: request.DetachKeys ?? "",
    Pid: exec.pid,
  };
}

async function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  const { promise: timeout, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), timeoutMs);
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
