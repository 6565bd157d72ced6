import { watch } from "node:fs";
import type { ContainerId, Logger } from "#core";
import { messageOf } from "#core";
import type { TaskExit } from "./contract.ts";
import { monitorAlive, type TaskFiles, type TaskProcesses } from "./task-files.ts";
import type { Monitor } from "./monitor.ts";

/** How often adopted monitors are looked at; their exits are seen at once, only their sudden deaths wait for this. */
const monitorCheckMs = 1000;

interface Watched {
  readonly processes: TaskProcesses;
  /** Absent for tasks of an earlier engine, whose sync pipe is gone. */
  readonly monitor: Monitor | undefined;
}

/** Turns the end of monitors into exactly one exit per task. */
export class ExitWatch implements Disposable {
  readonly #files: TaskFiles;
  readonly #logger: Logger;
  readonly #monitorLost: (id: ContainerId, processes: TaskProcesses) => void;
  readonly #listeners = new Set<(exit: TaskExit) => void>();
  readonly #watched = new Map<ContainerId, Watched>();
  readonly #waiters = new Map<ContainerId, (() => void)[]>();
  readonly #stack = new DisposableStack();
  #adopting = false;

  /** @param monitorLost called for a task whose monitor ended without an exit code; it must end the container */
  constructor(files: TaskFiles, logger: Logger, monitorLost: (id: ContainerId, processes: TaskProcesses) => void) {
    this.#files = files;
    this.#logger = logger;
    this.#monitorLost = monitorLost;
  }

  [Symbol.dispose](): void {
    for (const { monitor } of this.#watched.values()) monitor?.release();
    this.#watched.clear();
    this.#listeners.clear();
    this.#stack.dispose();
  }

  subscribe(listener: (exit: TaskExit) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** From `create` on. */
  add(id: ContainerId, processes: TaskProcesses, monitor: Monitor): void {
    this.#watched.set(id, { processes, monitor });
    void monitor.ended.then(() => {
      if (this.#watched.get(id)?.monitor === monitor) this.#settle(id, processes);
    });
  }

  /** From boot on; an exit that has happened already is told, too. */
  adopt(id: ContainerId, processes: TaskProcesses): void {
    if (this.#watched.has(id)) return;
    this.#watched.set(id, { processes, monitor: undefined });
    this.#startAdopting();
    queueMicrotask(() => this.#check(id));
  }

  isWatched(id: ContainerId): boolean {
    return this.#watched.has(id);
  }

  /** Settles when the task's exit was told, or at once when it is not watched. */
  async gone(id: ContainerId): Promise<void> {
    if (!this.#watched.has(id)) return;
    await new Promise<void>((resolve) => {
      const waiting = this.#waiters.get(id);
      if (waiting === undefined) this.#waiters.set(id, [resolve]);
      else waiting.push(resolve);
    });
  }

  tell(exit: TaskExit): void {
    for (const listener of this.#listeners) {
      try {
        listener(exit);
      } catch (error) {
        this.#logger.log("error", "exit listener failed", { id: exit.id, error: messageOf(error) });
      }
    }
  }

  #startAdopting(): void {
    if (this.#adopting) return;
    this.#adopting = true;
    const watcher = watch(this.#files.exits, (_event, name) => {
      const id = name as ContainerId | null;
      if (id !== null && this.#watched.get(id)?.monitor === undefined) this.#check(id);
    });
    this.#stack.defer(() => watcher.close());
    const timer = setInterval(() => this.#checkAdopted(), monitorCheckMs);
    timer.unref();
    this.#stack.defer(() => clearInterval(timer));
  }

  #checkAdopted(): void {
    for (const [id, { monitor }] of this.#watched) if (monitor === undefined) this.#check(id);
  }

  #check(id: ContainerId): void {
    const watched = this.#watched.get(id);
    if (watched === undefined) return;
    if (this.#files.readExit(id) !== undefined || !monitorAlive(watched.processes)) this.#settle(id, watched.processes);
  }

  #settle(id: ContainerId, processes: TaskProcesses): void {
    let exit = this.#files.readExit(id);
    // A task that was deleted meanwhile leaves nothing, not even the code that nobody wrote.
    if (exit === undefined && this.#files.readRecord(id) !== undefined) {
      this.#monitorLost(id, processes);
      this.#files.writeExit(id, 137);
      exit = this.#files.readExit(id);
    }
    this.#watched.delete(id);
    if (exit !== undefined) this.tell(exit);
    for (const resolve of this.#waiters.get(id) ?? []) resolve();
    this.#waiters.delete(id);
  }
}
