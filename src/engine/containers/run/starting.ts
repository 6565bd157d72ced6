import type { ContainerId } from "#core";

/** Starts whose OCI runtime is at work: who ends the container may give up one that hangs, instead of waiting for its lock. */
export interface Starting {
  /** Until disposal. The signal aborts when the creation is to be given up. */
  begin(id: ContainerId): Disposable & { readonly signal: AbortSignal };
  has(id: ContainerId): boolean;
  /**
   * Gives up a creation that is older than a sound one can be, as soon as it is that old; settles when no creation is under
   * way any more. Resolves at once without one.
   * @returns whether one was given up
   */
  giveUp(id: ContainerId): Promise<boolean>;
}

/** A sound creation takes milliseconds; on a very busy host, a second. */
const patienceMs = 3000;

interface Creation {
  readonly since: number;
  readonly controller: AbortController;
  readonly ended: PromiseWithResolvers<void>;
}

export function createStarting(): Starting {
  const creations = new Map<ContainerId, Creation>();
  return {
    begin(id) {
      const creation = {
        since: performance.now(),
        controller: new AbortController(),
        ended: Promise.withResolvers<void>(),
      };
      creations.set(id, creation);
      return {
        signal: creation.controller.signal,
        [Symbol.dispose]() {
          creations.delete(id);
          creation.ended.resolve();
        },
      };
    },
    has: (id) => creations.has(id),
    async giveUp(id) {
      const creation = creations.get(id);
      if (creation === undefined) return false;
      const { since, controller, ended } = creation;
      const timer = setTimeout(() => controller.abort(), Math.max(0, since + patienceMs - performance.now()));
      await ended.promise;
      clearTimeout(timer);
      return controller.signal.aborted;
    },
  };
}
