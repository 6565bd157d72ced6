import type { ContainerId } from "#core";

/** What waiters and attached clients of one container hear, in order. `ended` settles as soon as the process has ended. */
export type ContainerSignal =
  | { readonly kind: "started"; readonly ended: Promise<void> }
  | { readonly kind: "start_failed" }
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "removed"; readonly exitCode: number };

type Listener = (signal: ContainerSignal) => void;

/** In memory only: a waiter ends with its connection. */
export interface ContainerSignals {
  listen(id: ContainerId, listener: Listener): Disposable;
  emit(id: ContainerId, signal: ContainerSignal): void;
}

export function createContainerSignals(): ContainerSignals {
  const listeners = new Map<ContainerId, Set<Listener>>();
  return {
    listen(id, listener) {
      const set = listeners.get(id) ?? new Set();
      listeners.set(id, set.add(listener));
      return {
        [Symbol.dispose]: () => {
          set.delete(listener);
          if (set.size === 0 && listeners.get(id) === set) listeners.delete(id);
        },
      };
    },
    emit(id, signal) {
      for (const listener of Array.from(listeners.get(id) ?? [])) listener(signal);
    },
  };
}
