import type { ContainerId } from "#core";

/** Promises that settle the moment a container's process has ended, before anything is cleaned up. */
export interface TaskEnds {
  /** Begins a new run of the container. */
  begin(id: ContainerId): void;
  /** Settles when the current run ends; at once when none is known. */
  of(id: ContainerId): Promise<void>;
  settle(id: ContainerId): void;
}

export function createTaskEnds(): TaskEnds {
  const runs = new Map<ContainerId, PromiseWithResolvers<void>>();
  return {
    begin: (id) => void runs.set(id, Promise.withResolvers<void>()),
    of: (id) => runs.get(id)?.promise ?? Promise.resolve(),
    settle(id) {
      runs.get(id)?.resolve();
      runs.delete(id);
    },
  };
}
