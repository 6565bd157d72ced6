import { constants, existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, statSync } from "node:fs";
import { failpoint, isEngineError, type Logger, messageOf } from "#core";
import { chmodDescriptor, chownDescriptor, closeDescriptor, removeTree, TreeRoot } from "#linux";

const trashName = "trash";
/** Deletion waits until nothing was thrown away for this time: it shares disk and thread with starts. */
const quietMs = 300;
/** What could not be deleted is tried again after this time, which doubles at each failure up to a maximum. */
const retryMs = 1000;
const maxRetryMs = 60_000;
/** So much trash is deleted at once nonetheless. */
const maxTrash = 512;

/**
 * `<root>/<id>/fs` (the layer's own files) and `<root>/<id>/work` (overlayfs's scratch). What is removed moves to
 * `<root>/trash` at once and is deleted in the background.
 */
export class SnapshotDirectories implements AsyncDisposable {
  readonly #root: string;
  readonly #logger: Logger;
  #waiting: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #failed: string[] = [];
  #retry: NodeJS.Timeout | undefined;
  #retryMs = retryMs;
  #emptying: Promise<void> = Promise.resolve();

  constructor(root: string, logger: Logger) {
    this.#root = root;
    this.#logger = logger;
    mkdirSync(this.#trash, { recursive: true, mode: 0o700 });
  }

  get #trash(): string {
    return `${this.#root}/${trashName}`;
  }

  #path(id: number): string {
    return `${this.#root}/${id}`;
  }

  fs(id: number): string {
    return `${this.#path(id)}/fs`;
  }

  work(id: number): string {
    return `${this.#path(id)}/work`;
  }

  exists(id: number): boolean {
    return existsSync(this.fs(id));
  }

  /** The root of an upper directory is the root that a mount shows: it looks like the one below. */
  create(id: number, parent: number | undefined): void {
    if (existsSync(this.#path(id))) this.discard(id);
    mkdirSync(this.#path(id), { mode: 0o700 });
    mkdirSync(this.fs(id), { mode: 0o755 });
    mkdirSync(this.work(id), { mode: 0o700 });
    dressRoot(this.fs(id), parent === undefined ? undefined : this.fs(parent));
  }

  /** A root that was made without a parent and that no layer entry changed becomes like the parent's. */
  inheritRoot(id: number, parent: number): void {
    const { mode, uid, gid } = statSync(this.fs(id));
    if ((mode & 0o7777) === 0o755 && uid === 0 && gid === 0) dressRoot(this.fs(id), this.fs(parent));
  }

  /** Nothing mounts it for writing any more. */
  dropWork(id: number): void {
    try {
      rmdirSync(this.work(id)); // empty unless it was mounted
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOTEMPTY") this.#toTrash(this.work(id), `${id}-work`);
      else if (code !== "ENOENT") throw error;
    }
  }

  /** No error when there is nothing. */
  discard(id: number): void {
    if (existsSync(this.#path(id))) this.#toTrash(this.#path(id), String(id));
  }

  /** The same for an id that had a row, so that it never comes again: what cannot be moved to the trash is deleted where it is. */
  discardForGood(id: number): void {
    const path = this.#path(id);
    try {
      failpoint("snapshot.row-gone");
      this.discard(id);
    } catch (error) {
      this.#logger.log("warn", "cannot move a snapshot to the trash", { path, error: messageOf(error) });
      this.#remove(path);
    }
  }

  /** Ids that have a directory. */
  ids(): number[] {
    return readdirSync(this.#root)
      .filter((name) => /^[1-9]\d*$/.test(name))
      .map(Number);
  }

  /** Deletes what an earlier process left in the trash. */
  emptyTrash(): number {
    const names = readdirSync(this.#trash);
    for (const name of names) this.#remove(`${this.#trash}/${name}`);
    return names.length;
  }

  /** Deletes what waits, at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#empty();
    await this.#emptying;
    clearTimeout(this.#retry);
  }

  #toTrash(path: string, name: string): void {
    const target = `${this.#trash}/${name}-${crypto.randomUUID()}`;
    renameSync(path, target);
    this.#remove(target);
  }

  #remove(path: string): void {
    this.#waiting.push(path);
    clearTimeout(this.#timer);
    if (this.#waiting.length >= maxTrash) this.#empty();
    else this.#timer = setTimeout(() => this.#empty(), quietMs).unref();
  }

  #empty(): void {
    clearTimeout(this.#timer);
    const paths = this.#waiting.splice(0);
    this.#emptying = this.#emptying.then(async () => {
      for (const path of paths) await this.#removeQuietly(path);
      this.#tryAgainLater();
    });
  }

  #tryAgainLater(): void {
    clearTimeout(this.#retry);
    if (this.#failed.length === 0) {
      this.#retryMs = retryMs;
      return;
    }
    this.#retry = setTimeout(() => {
      this.#waiting.push(...this.#failed.splice(0));
      this.#empty();
    }, this.#retryMs).unref();
    this.#retryMs = Math.min(2 * this.#retryMs, maxRetryMs);
  }

  /** What cannot be removed (a mount left inside, a disk that is read-only for a while) stays in the trash until it can, or for the next start. */
  async #removeQuietly(path: string): Promise<void> {
    try {
      await removeTree(path);
    } catch (error) {
      if (!isEngineError(error)) throw error;
      this.#logger.log("warn", "cannot remove the files of a snapshot", { path, error: messageOf(error) });
      this.#failed.push(path);
    }
  }
}

function dressRoot(directory: string, like: string | undefined): void {
  const model = like === undefined ? { mode: 0o755, uid: 0, gid: 0 } : statSync(like);
  const own = statSync(directory);
  if ((own.mode & 0o7777) === (model.mode & 0o7777) && own.uid === model.uid && own.gid === model.gid) return;
  using tree = new TreeRoot(directory);
  const descriptor = tree.open("", constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    if (own.uid !== model.uid || own.gid !== model.gid) chownDescriptor(descriptor, model.uid, model.gid);
    chmodDescriptor(descriptor, model.mode & 0o7777);
  } finally {
    closeDescriptor(descriptor);
  }
}
