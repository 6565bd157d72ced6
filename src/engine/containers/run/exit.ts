import { failpoint, formatRfc3339Nano } from "#core";
import type { TaskExit } from "#runtime";
import { afterAnswers } from "../../background.ts";
import { awaitRestart } from "../restart/auto-restart.ts";
import { emitContainerEvent, type ContainerContext } from "../context.ts";
import { isRunning, type ContainerRecord } from "../record.ts";
import { releaseTask } from "./release.ts";
import { removeRecord } from "../remove/remove-record.ts";
import { nextRestart } from "../restart/restart-policy.ts";
import { emitRunEnds } from "./run-events.ts";

/**
 * A container's process has ended. Attached clients and waiters hear it first; then what it used is given back.
 * Runs after a start that is still under way.
 * @param options `isLost`: nobody knows how it ended; the restart policy is then asked as for a container that was stopped
 * when the engine came up
 */
export function handleExit(context: ContainerContext, exit: TaskExit, { isLost } = { isLost: false }): void {
  context.taskEnds.settle(exit.id);
  context.logging.end(exit.id);
  context.background.run("exit of a container", () =>
    context.registry.exclusive(exit.id, async () => {
      const record = context.registry.get(exit.id);
      if (!record) return context.deps.runtime.delete(exit.id);
      if (isRunning(record)) await settleExit(context, record, exit, isLost);
    }),
  );
}

async function settleExit(
  context: ContainerContext,
  record: ContainerRecord,
  exit: TaskExit,
  isLost: boolean,
): Promise<void> {
  context.health.end(record.id);
  if (exit.oomKilled && !record.state.oomKilled) emitContainerEvent(context, record, "oom");
  emitRunEnds(context, record);
  emitContainerEvent(context, record, "die", {
    execDuration: String(Math.floor(ranMs(record, exit) / 1000)),
    exitCode: String(exit.exitCode),
  });
  if (record.hostConfig.AutoRemove && !record.buildStep && !context.restarted.has(record.id)) {
    context.signals.emit(record.id, { kind: "exited", exitCode: exit.exitCode });
    return context.background.retrying("removing a container that ended", () =>
      removeRecord(context, record, exit.exitCode, { volumes: true }),
    );
  }
  const delayMs = isLost ? undefined : nextRestart(record, { exitCode: exit.exitCode, ranMs: ranMs(record, exit) });
  await context.background.retrying("recording an exit", async () => recordExit(context, record, exit, delayMs));
  if (delayMs !== undefined) awaitRestart(context, record.id, delayMs);
  context.signals.emit(record.id, { kind: "exited", exitCode: exit.exitCode });
  await afterAnswers();
  await release(context, record);
}

/** @param delayMs until its restart; undefined: it has stopped */
function recordExit(
  { registry }: ContainerContext,
  record: ContainerRecord,
  exit: TaskExit,
  delayMs: number | undefined,
): void {
  failpoint("exit.told");
  registry.update(exit.id, {
    ...(delayMs === undefined
      ? { status: "exited" }
      : { status: "restarting", restartCount: record.state.restartCount + 1, restartDelayMs: delayMs }),
    pid: 0,
    exitCode: exit.exitCode,
    oomKilled: exit.oomKilled,
    finishedAt: finishedAt(record, exit),
    endpoint: undefined,
    ports: undefined,
  });
  failpoint("exit.row");
}

async function release(context: ContainerContext, record: ContainerRecord): Promise<void> {
  try {
    await context.background.retrying("release of a container", () => releaseTask(context, record));
  } catch (error) {
    context.unreleased.set(record.id, record);
    throw error;
  }
}

/** Never before the start, as clients subtract the one from the other. */
function finishedAt({ state }: ContainerRecord, { exitedAtNs }: TaskExit): string {
  const end = formatRfc3339Nano(exitedAtNs);
  return end < state.startedAt ? state.startedAt : end;
}

/** The end is known less exactly than the start, so it may seem to come first. */
function ranMs({ state }: ContainerRecord, { exitedAtNs }: TaskExit): number {
  return Math.max(0, Number(exitedAtNs) / 1e6 - Date.parse(state.startedAt));
}
