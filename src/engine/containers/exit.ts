import { formatRfc3339Nano } from "#core";
import type { TaskExit } from "#runtime";
import { afterAnswers } from "../background.ts";
import { emitContainerEvent, type ContainerContext } from "./context.ts";
import { isRunning, type ContainerRecord } from "./record.ts";
import { releaseTask } from "./release.ts";
import { removeRecord } from "./remove-record.ts";
import { emitRunEnds } from "./run-events.ts";

/**
 * A container's process has ended. Attached clients and waiters hear it first; then what it used is given back.
 * Runs after a start that is still under way.
 */
export function handleExit(context: ContainerContext, exit: TaskExit): void {
  context.taskEnds.settle(exit.id);
  context.background.run("exit of a container", () =>
    context.registry.exclusive(exit.id, async () => {
      const record = context.registry.get(exit.id);
      if (!record) return context.deps.runtime.delete(exit.id);
      if (isRunning(record)) await settleExit(context, record, exit);
    }),
  );
}

async function settleExit(context: ContainerContext, record: ContainerRecord, exit: TaskExit): Promise<void> {
  if (exit.oomKilled) emitContainerEvent(context, record, "oom");
  emitRunEnds(context, record);
  emitContainerEvent(context, record, "die", {
    execDuration: String(secondsBetween(record.state.startedAt, exit.exitedAtNs)),
    exitCode: String(exit.exitCode),
  });
  if (record.hostConfig.AutoRemove && !record.buildStep) {
    context.signals.emit(record.id, { kind: "exited", exitCode: exit.exitCode });
    return removeRecord(context, record, exit.exitCode, { volumes: true });
  }
  context.registry.update(record.id, {
    status: "exited",
    pid: 0,
    exitCode: exit.exitCode,
    oomKilled: exit.oomKilled,
    finishedAt: formatRfc3339Nano(exit.exitedAtNs),
    endpoint: undefined,
    ports: undefined,
  });
  context.signals.emit(record.id, { kind: "exited", exitCode: exit.exitCode });
  await afterAnswers();
  await releaseTask(context, record);
}

/** Whole seconds; the end is known less exactly than the start, so it may seem to come first. */
function secondsBetween(startedAt: string, exitedAtNs: bigint | number): number {
  return Math.max(0, Math.floor((Number(exitedAtNs) / 1e6 - Date.parse(startedAt)) / 1000));
}
