import { isEngineError, messageOf, type ContainerId } from "#core";
import type { ContainerContext } from "./context.ts";
import type { ContainerRecord } from "./record.ts";
import { startsWithEngine } from "./restart-policy.ts";
import { runContainer } from "./start.ts";

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
 * The engine has come up: starts what its policy wants to run, a few at a time in order of creation, in the background.
 * @param stopped containers that had no process when the engine came up
 */
export function startWithEngine(context: ContainerContext, stopped: readonly ContainerRecord[]): void {
  for (const { id, state } of stopped) {
    const isUntouched = (record: ContainerRecord): boolean =>
      record.state.startedAt === state.startedAt && startsWithEngine(record);
    context.background.run("start of a container with the engine", () =>
      context.restarts.inTurn(() => startIf(context, id, isUntouched, "engine")),
    );
  }
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
      await runContainer(context, record, cause);
    } catch (error) {
      if (!isEngineError(error)) throw error;
      context.deps.logger.log("warn", "a container could not be restarted", { container: id, error: messageOf(error) });
    }
  });
}
