import { type ChainId, type Clock, EngineError, failpoint, type Logger, type SnapshotKey, systemClock } from "#core";
import { diskUsage, syncFsAsync } from "#linux";
import type { Database } from "#store";
import type { Mount, SnapshotInfo, SnapshotRepair, Snapshotter, SnapshotUsage } from "../mod.ts";
import { SnapshotDirectories } from "./directories.ts";
import { infoOf, nameOf, type SnapshotRow, SnapshotRows } from "./rows.ts";

export interface OverlayOptions {
  /** Absolute; made when absent. One file system that overlayfs can write to. */
  readonly root: string;
  readonly database: Database;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** The snapshotter on overlayfs: every snapshot is one directory, a mount stacks them. Call `reconcile` first. */
export function openOverlay(options: OverlayOptions): Snapshotter {
  return new OverlaySnapshotter(options);
}

class OverlaySnapshotter implements Snapshotter {
  readonly #rows: SnapshotRows;
  readonly #directories: SnapshotDirectories;
  readonly #clock: Clock;

  constructor({ root, database, logger, clock }: OverlayOptions) {
    if (!root.startsWith("/"))
      throw new EngineError("invalid", `snapshot root ${JSON.stringify(root)} is not an absolute path`);
    this.#directories = new SnapshotDirectories(root, logger);
    this.#rows = new SnapshotRows(database);
    this.#clock = clock ?? systemClock;
  }

  async prepare(key: SnapshotKey, parent?: ChainId): Promise<Mount> {
    return this.#create("active", key, parent);
  }

  async view(key: SnapshotKey, parent?: ChainId): Promise<Mount> {
    return this.#create("view", key, parent);
  }

  mount(key: SnapshotKey): Mount {
    return this.#mountOf(this.#rows.requireKey(key));
  }

  layerDirectory(key: SnapshotKey): string {
    return this.#directories.fs(this.#active(key).id);
  }

  async commit(name: ChainId, key: SnapshotKey, options: { readonly parent?: ChainId } = {}): Promise<void> {
    const { id } = this.#active(key);
    const directory = this.#directories.fs(id);
    if (this.#rows.byChain(name) === undefined) {
      if (options.parent !== undefined) this.#directories.inheritRoot(id, this.#rows.requireChain(options.parent).id);
      const usage = await diskUsage(directory);
      await syncFsAsync(directory);
      if (this.#rows.commit(this.#active(key).id, name, usage, options.parent)) return this.#directories.dropWork(id);
    }
    await this.remove(key);
    throw new EngineError("already_exists", `snapshot ${name} already exists`);
  }

  async remove(key: SnapshotKey): Promise<void> {
    const { id } = this.#rows.requireKey(key);
    this.#rows.delete(id);
    this.#directories.discardForGood(id);
  }

  async removeCommitted(name: ChainId): Promise<void> {
    this.#directories.discardForGood(this.#rows.deleteCommitted(name).id);
  }

  stat(name: ChainId): SnapshotInfo | undefined {
    const row = this.#rows.byChain(name);
    return row && infoOf(row);
  }

  statKey(key: SnapshotKey): SnapshotInfo | undefined {
    const row = this.#rows.byKey(key);
    return row && infoOf(row);
  }

  async usage(name: SnapshotKey | ChainId): Promise<SnapshotUsage> {
    const committed = this.stat(name as ChainId)?.usage;
    if (committed) return committed;
    const { id } = this.#rows.requireKey(name as SnapshotKey);
    return this.#directories.exists(id) ? diskUsage(this.#directories.fs(id)) : { bytes: 0, inodes: 0 };
  }

  *walk(): Iterable<SnapshotInfo> {
    for (const row of this.#rows.all()) yield infoOf(row);
  }

  async reconcile(): Promise<SnapshotRepair> {
    const rows = this.#rows.all();
    const known = new Set(rows.map((row) => row.id));
    const stray = this.#directories.ids().filter((id) => !known.has(id));
    const removedDirectories = this.#directories.emptyTrash() + stray.length;
    for (const id of stray) this.#directories.discard(id);
    const damaged = rows.filter((row) => hasDirectory(row) && !this.#directories.exists(row.id)).map(nameOf);
    return { removedDirectories, damaged };
  }

  /** Waits until what was removed is gone from disk. The database is its owner's. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directories[Symbol.asyncDispose]();
  }

  #create(kind: "active" | "view", key: SnapshotKey, parent: ChainId | undefined): Mount {
    const created = { kind, key, parent, createdMs: this.#clock.nowMs() };
    let made: number | undefined;
    const materialise = (id: number, parentRow: SnapshotRow | undefined): void => {
      made = id;
      if (hasDirectory({ kind, parent: parentRow?.id ?? null })) this.#directories.create(id, parentRow?.id);
      failpoint("snapshot.directory");
    };
    try {
      return this.#mountOf(this.#rows.insert(created, materialise));
    } catch (error) {
      if (made !== undefined) this.#directories.discard(made);
      throw error;
    }
  }

  /** @throws EngineError `not_found`, or `invalid` for a view */
  #active(key: SnapshotKey): SnapshotRow {
    const row = this.#rows.requireKey(key);
    if (row.kind !== "active") throw new EngineError("invalid", `snapshot ${key} is read-only`);
    return row;
  }

  #mountOf(row: SnapshotRow): Mount {
    const lower = row.parent === null ? [] : this.#rows.stack(row.parent).map((id) => this.#directories.fs(id));
    const own = this.#directories.fs(row.id);
    if (row.kind === "view") return viewOf(lower.length > 0 ? lower : [own]);
    if (lower.length === 0) return { type: "bind", lower, upper: own, readonly: false };
    return { type: "overlay", lower, upper: own, work: this.#directories.work(row.id), readonly: false };
  }
}

/** A view shows its parents as they are; only one without parents needs an (empty) directory. */
function hasDirectory(row: Pick<SnapshotRow, "kind" | "parent">): boolean {
  return row.kind !== "view" || row.parent === null;
}

function viewOf(lower: readonly string[]): Mount {
  return { type: lower.length === 1 ? "bind" : "overlay", lower, readonly: true };
}
