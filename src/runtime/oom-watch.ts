import { existsSync, watch, type FSWatcher } from "node:fs";
import type { ContainerId } from "#core";
import type { TaskFiles } from "./task-files.ts";

/** conmon leaves this file in a task's directory when the kernel kills one of its processes for want of memory. */
const fileName = "oom";

/** Looks at the directories of those tasks that somebody asks for: most have no limit of memory and cost nothing. */
export class OomWatch implements Disposable {
  readonly #files: TaskFiles;
  readonly #watchers = new Map<ContainerId, FSWatcher>();

  readonly #happened: (id: ContainerId) => boolean;

  /** @param happened what the kernel has counted: conmon (2.1.6, on 6.1) misses some */
  constructor(files: TaskFiles, happened: (id: ContainerId) => boolean) {
    this.#files = files;
    this.#happened = happened;
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Calls once, at once when it has happened already. Asked again for a task that is watched it does nothing. */
  add(id: ContainerId, told: () => void): void {
    const { directory, oom } = this.#files.paths(id);
    if (this.#watchers.has(id) || !existsSync(directory)) return;
    const tell = (): void => {
      if (!this.#watchers.has(id)) return;
      this.forget(id);
      told();
    };
    const watcher = watch(directory, { persistent: false }, (_event, name) => {
      if (name === fileName) tell();
    });
    // The directory goes with the task.
    watcher.on("error", () => this.forget(id));
    this.#watchers.set(id, watcher);
    if (existsSync(oom) || this.#happened(id)) tell();
  }

  forget(id: ContainerId): void {
    this.#watchers.get(id)?.close();
    this.#watchers.delete(id);
  }
}
