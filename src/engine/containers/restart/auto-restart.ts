import { failpoint, type ContainerId } from "#core";
import type { HostConfig } from "#spec";
import type { ContainerContext } from "../context.ts";
import type { ContainerRecord } from "../record.ts";
import { hasRestartPolicy, startsWithEngine } from "./restart-policy.ts";
import { runContainer } from "../run/start.ts";

/** Starts a container that has status "restarting" after the wait, unless somebody stops or removes it before. */
export function awaitRestart(context: ContainerContext, id: ContainerId, delayMs: number): void {
  context.restarts.schedule(id, delayMs, () =>
    context.background.run("restart of a container", () =>
      context.restarts.inTurn(() => startIf(context, id, ({ state }) => state.status === "restarting", "policy")),
    ),
  );
}

/** Goes on with a wait that an earlier engine began. */
export function resumeRestart(context: ContainerContext, { id, state }: ContainerRecord): void {
  const delayMs = state.restartDelayMs ?? 0;
  const waitedMs = context.deps.clock.nowMs() - Date.parse(state.finishedAt);
  awaitRestart(context, id, Math.min(Math.max(delayMs - waitedMs, 0), delayMs));
}

/**
 * The engine has come up: starts what its policy wants to run, a few at a time in order of creation, in the background. One
 * that shares namespaces of an older one waits for that.
 * @param stopped containers that had no process when the engine came up
 */
export function startWithEngine(context: ContainerContext, stopped: readonly ContainerRecord[]): void {
  const starts = new Map<ContainerId, Promise<void>>();
  for (const { id, hostConfig, state } of stopped.filter(hasRestartPolicy)) {
    const isUntouched = (record: ContainerRecord): boolean =>
      record.state.startedAt === state.startedAt && startsWithEngine(record);
    const before = sharedWith(context, hostConfig).flatMap((other) => starts.get(other) ?? []);
    context.background.run("start of a container with the engine", () => {
      const start = context.restarts.inTurn(async () => {
        await Promise.allSettled(before);
        await startIf(context, id, isUntouched, "engine");
      });
      starts.set(id, start);
      return start;
    });
  }
}

/** Containers whose namespaces this one joins, as far as they exist. */
function sharedWith({ registry }: ContainerContext, host: HostConfig): readonly ContainerId[] {
  const modes = [host.NetworkMode, host.PidMode, host.IpcMode];
  const refs = modes.flatMap((mode) => (mode?.startsWith("container:") ? [mode.slice("container:".length)] : []));
  if (refs.length === 0) return [];
  return registry
    .all()
    .filter(({ id, name }) => refs.includes(id) || refs.includes(name))
    .map(({ id }) => id);
}

/** A start that fails is not tried again, as its row says; it does not stand in the way of others. */
async function startIf(
  context: ContainerContext,
  id: ContainerId,
  condition: (record: ContainerRecord) => boolean,
  cause: "policy" | "engine",
): Promise<void> {
  await context.registry.exclusive(id, async () => {
    const record = context.registry.get(id);
    if (!record || !condition(record)) return;
    try {
      failpoint("restart.due");
      await runContainer(context, record, cause);
    } catch (error) {
      // Not even its failure could be recorded, as on a full disk.
      if (context.registry.get(id)?.state.status === "restarting")
        awaitRestart(context, id, Math.max(record.state.restartDelayMs ?? 0, 1000));
      throw error;
    }
  });
}
