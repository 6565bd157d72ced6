import { blaming, EngineError, failpoint, isEngineError, parseSignal, signalName, type ContainerId } from "#core";
import { emitContainerEvent, type ContainerContext } from "../context.ts";
import { cancelRestart } from "../restart/cancel-restart.ts";
import { isActive, isRunning, refuseRestarting, type ContainerRecord } from "../record.ts";
import { startContainer, stopSignalOf } from "./start.ts";
import { stopsWithin } from "./wait.ts";

/** Docker's default of seconds between the stop signal and SIGKILL. */
const defaultStopSeconds = 10;
const sigkill = 9;

export interface StopOptions {
  /** Undefined: the container's own; negative: wait for ever. */
  readonly timeoutSeconds?: number;
  readonly signal?: string;
}

/** @throws EngineError `not_modified` when it does not run */
export async function stopContainer(context: ContainerContext, ref: string, options: StopOptions): Promise<void> {
  const record = context.registry.find(ref);
  if (!isActive(record) && !context.starting.has(record.id)) throw notRunning(record.id);
  const signal = blaming(`cannot stop container: ${ref}`, () => stopSignalOf(record, options.signal));
  await context.starting.giveUp(record.id);
  await context.registry.exclusive(record.id, async () => {
    const current = context.registry.find(record.id);
    if (current.state.status === "restarting") return cancelRestart(context, current);
    if (!isRunning(current)) throw notRunning(record.id);
    context.registry.update(record.id, { stoppedByUser: true });
    failpoint("stop.marked");
    if (current.state.status === "paused") await thawUnlessEnded(context, current);
  });
  const told = tellStop(context, record);
  await endTask(context, record, signal, options.timeoutSeconds ?? record.config.StopTimeout ?? defaultStopSeconds);
  told();
}

function notRunning(id: ContainerId): EngineError {
  return new EngineError("not_modified", `container ${id} is not running`);
}

/** The event `stop`, at the exit: a container that is removed then says `destroy` after it. @returns says it at the latest */
function tellStop(context: ContainerContext, record: ContainerRecord): () => void {
  const listening = context.signals.listen(record.id, ({ kind }) => {
    if (kind === "exited") tell();
  });
  let told = false;
  const tell = (): void => {
    listening[Symbol.dispose]();
    if (!told) emitContainerEvent(context, record, "stop");
    told = true;
  };
  return tell;
}

/** Stops it as `docker stop` does, for the restart policy to start it again. Harmless when it has ended by now. */
export function endForRestart(context: ContainerContext, record: ContainerRecord): Promise<void> {
  const { StopTimeout } = record.config;
  return endTask(context, record, stopSignalOf(record, undefined), StopTimeout ?? defaultStopSeconds);
}

async function endTask(
  context: ContainerContext,
  record: ContainerRecord,
  signal: number,
  timeoutSeconds: number,
): Promise<void> {
  if (!isRunning(context.registry.get(record.id) ?? record)) return;
  const stopped = stopsWithin(context, record.id, timeoutSeconds < 0 ? undefined : timeoutSeconds * 1000);
  sendSignal(context, record, signal);
  if (!(await stopped)) await killAndWait(context, record.id);
}

/** Sends SIGKILL and waits until the container has stopped; harmless when it does not run. */
export async function killAndWait(context: ContainerContext, id: ContainerId): Promise<void> {
  const record = context.registry.get(id);
  if (!record || !isRunning(record)) return;
  const stopped = stopsWithin(context, id, undefined);
  sendSignal(context, record, sigkill);
  await stopped;
}

/** A process that is gone by now has got its signal. */
function sendSignal(context: ContainerContext, record: ContainerRecord, signal: number): void {
  try {
    context.deps.runtime.signal(record.id, signal);
  } catch (error) {
    if (!isEngineError(error, "conflict")) throw error;
  }
  failpoint("signal.sent");
  emitContainerEvent(context, record, "kill", { signal: String(signal) });
}

export async function restartContainer(context: ContainerContext, ref: string, options: StopOptions): Promise<void> {
  const record = context.registry.find(ref);
  context.restarted.add(record.id);
  try {
    await stopContainer(context, record.id, options);
  } catch (error) {
    if (!isEngineError(error, "not_modified")) throw error;
  } finally {
    context.restarted.delete(record.id);
  }
  await startContainer(context, record.id);
  emitContainerEvent(context, record, "restart");
}

/** @throws EngineError `conflict` when it does not run, `invalid` for a signal that is none */
export async function killContainer(context: ContainerContext, ref: string, name: string): Promise<void> {
  const cannot = `cannot kill container: ${ref}`;
  const { id } = blaming(cannot, () => context.registry.find(ref));
  const signal = blaming(cannot, () => killSignal(name));
  if (signal === sigkill && (await context.starting.giveUp(id))) return;
  const record = context.registry.find(id);
  if (!isActive(record)) {
    throw new EngineError("conflict", `cannot kill container: ${ref}: container ${record.id} is not running`);
  }
  if (record.state.status === "restarting") return killRestarting(context, record, signal);
  if (meansStop(record, signal)) context.registry.update(record.id, { stoppedByUser: true });
  if (signal === sigkill) return killAndWait(context, record.id);
  sendSignal(context, record, signal);
  context.deps.logger.log("debug", "signal sent", { container: record.id, signal: signalName(signal) });
}

/** As in Docker, any signal may be meant to end a container that names no signal for that. */
function meansStop({ config }: ContainerRecord, signal: number): boolean {
  return signal === sigkill || !config.StopSignal || signal === parseSignal(config.StopSignal);
}

/** There is no process to signal; should there be one by now, it gets the signal after all. */
async function killRestarting(context: ContainerContext, { id }: ContainerRecord, signal: number): Promise<void> {
  const started = await context.registry.exclusive(id, async () => {
    const record = context.registry.find(id);
    if (record.state.status === "restarting" && meansStop(record, signal)) cancelRestart(context, record);
    return isRunning(record);
  });
  if (started) await killContainer(context, id, String(signal));
}

/** Zero is no signal to Docker, another number out of range is one that Linux lacks. */
function killSignal(name: string): number {
  if (/^-?\d+$/.test(name) && Number(name) !== 0 && (Number(name) < 0 || Number(name) > 64))
    throw new EngineError("invalid", `the linux daemon does not support signal ${name}`);
  return parseSignal(name === "" ? "SIGKILL" : name);
}

export function pauseContainer(context: ContainerContext, ref: string): Promise<void> {
  const { id } = context.registry.find(ref);
  return context.registry.exclusive(id, async () => {
    const record = context.registry.find(id);
    if (record.state.status === "paused") throw new EngineError("conflict", `Container ${id} is already paused`);
    refuseRestarting(record);
    if (!isRunning(record)) throw new EngineError("conflict", `container ${id} is not running`);
    await context.deps.runtime.pause(id);
    try {
      failpoint("pause.frozen");
      context.registry.update(id, { status: "paused" });
    } catch (error) {
      await context.deps.runtime.resume(id);
      throw error;
    }
    context.health.end(id);
    emitContainerEvent(context, record, "pause");
  });
}

export function unpauseContainer(context: ContainerContext, ref: string): Promise<void> {
  const { id } = context.registry.find(ref);
  return context.registry.exclusive(id, async () => {
    const record = context.registry.find(id);
    if (record.state.status !== "paused") throw new EngineError("conflict", `Container ${id} is not paused`);
    await thaw(context, record);
  });
}

/** Somebody else may have killed it by now. */
async function thawUnlessEnded(context: ContainerContext, record: ContainerRecord): Promise<void> {
  try {
    await thaw(context, record);
  } catch (error) {
    if (!isEngineError(error, "conflict")) throw error;
  }
}

async function thaw(context: ContainerContext, record: ContainerRecord): Promise<void> {
  await context.deps.runtime.resume(record.id);
  failpoint("unpause.thawed");
  context.registry.update(record.id, { status: "running" });
  emitContainerEvent(context, record, "unpause");
  context.health.begin(record.id);
}
