import { createLimiter, type ContainerId } from "#core";

/** Starts that nobody asked for, at the same time: enough to use the machine, few enough to leave some of it to users. */
const concurrentStarts = 8;

/** Containers that wait for their next restart, a timer each; nothing ticks while none waits. */
export interface RestartTimers extends Disposable {
  /** Replaces an earlier wait of the container. */
  schedule(id: ContainerId, delayMs: number, restart: () => void): void;
  cancel(id: ContainerId): void;
  /** Runs a start of the engine's own accord when it is its turn, not before {@link release}; not any more once disposed. */
  inTurn(start: () => Promise<void>): Promise<void>;
  /** Recovery is over: what it compares with the rows stood still meanwhile. */
  release(): void;
}

export function createRestartTimers(): RestartTimers {
  const timers = new Map<ContainerId, ReturnType<typeof setTimeout>>();
  const limited = createLimiter(concurrentStarts);
  const recovered = Promise.withResolvers<void>();
  let disposed = false;
  const cancel = (id: ContainerId): void => {
    clearTimeout(timers.get(id));
    timers.delete(id);
  };
  return {
    schedule(id, delayMs, restart) {
      cancel(id);
      if (disposed) return;
      const due = (): void => {
        timers.delete(id);
        restart();
      };
      timers.set(id, setTimeout(due, delayMs));
    },
    cancel,
    async inTurn(start) {
      await recovered.promise;
      await limited(async () => (disposed ? undefined : start()));
    },
    release: recovered.resolve,
    [Symbol.dispose]() {
      disposed = true;
      recovered.resolve();
      for (const id of timers.keys()) cancel(id);
    },
  };
}
