/**
 * snapshot: file trees in layers.
 *
 * Vocabulary: a *committed* snapshot is immutable and named by the chain id of the layers it holds; an *active* one is
 * named by a key, has a committed parent (or none), and can be written to; a *view* is an active one that cannot.
 * Lifecycle: prepare(key, parent) → write → commit(name, key), or remove(key). A committed snapshot goes with
 * removeCommitted(name) once nothing stands on it.
 *
 * Snapshotters describe mounts and never make them: a {@link Mounter} does.
 *
 * Import a layer:
 *   await snapshots.prepare(key, parent);
 *   await pool.applyLayer(blob, snapshots.layerDirectory(key));
 *   await snapshots.commit(chainId, key);
 * Run a container:
 *   mounter.mount(await snapshots.prepare(key, image.chainId), rootfs);
 *   …
 *   mounter.unmount(rootfs);
 *   await snapshots.remove(key);
 */
import type { ChainId, SnapshotKey } from "#core";

/** Disk use of one snapshot alone, without its parents. Bytes are allocated blocks; a hard-linked file counts once. */
export interface SnapshotUsage {
  readonly bytes: number;
  readonly inodes: number;
}

/** A mount is described, not made. */
export interface Mount {
  /** `bind` where there is nothing to lay over: a first layer, or a view of a single one. */
  readonly type: "overlay" | "bind";
  /** Lower directories, top first. Of a `bind`: the one directory to bind, when it has no `upper`. */
  readonly lower: readonly string[];
  /** The directory that takes writes. Of a `bind`: the one to bind. */
  readonly upper?: string;
  readonly work?: string;
  readonly readonly: boolean;
  /**
   * What is written through this mount is lost with the host: fsync(2) does nothing (overlayfs `volatile`). For trees
   * that end with their container, or that are synced whole before anybody relies on them.
   */
  readonly volatile?: boolean;
}

export interface SnapshotInfo {
  readonly kind: "committed" | "active" | "view";
  /** Chain id of a committed snapshot, key of an active one. */
  readonly name: ChainId | SnapshotKey;
  readonly parent?: ChainId;
  /** Known for committed snapshots (measured at commit). */
  readonly usage?: SnapshotUsage;
  readonly createdMs: number;
}

/** What a boot found and did. Nothing that was committed is ever removed by a repair. */
export interface SnapshotRepair {
  /** Directories without a row (a crash cut their making or their removal short): deleted, in the background. */
  readonly removedDirectories: number;
  /** Rows whose directory is gone. Reported, never reset. */
  readonly damaged: readonly (ChainId | SnapshotKey)[];
}

export interface SnapshotReader {
  /** A committed snapshot; `undefined` when there is none of this name. */
  stat(name: ChainId): SnapshotInfo | undefined;
  /** An active snapshot or view; `undefined` when there is none of this key. */
  statKey(key: SnapshotKey): SnapshotInfo | undefined;
  /** Committed: as measured at commit. Active: measured now. @throws EngineError `not_found` */
  usage(name: SnapshotKey | ChainId): Promise<SnapshotUsage>;
  /** All snapshots, parents before their children. */
  walk(): Iterable<SnapshotInfo>;
}

export interface Snapshotter extends SnapshotReader, AsyncDisposable {
  /** Active read-write snapshot on a committed parent. @throws EngineError `already_exists` (key taken), `not_found` (parent) */
  prepare(key: SnapshotKey, parent?: ChainId): Promise<Mount>;
  /** Read-only view of a committed parent. Same errors. */
  view(key: SnapshotKey, parent?: ChainId): Promise<Mount>;
  /** The mount of an active snapshot or view. @throws EngineError `not_found` */
  mount(key: SnapshotKey): Mount;
  /** Directory that holds the layer's own files (overlay upper), for unpack and diff. @throws EngineError `not_found` */
  layerDirectory(key: SnapshotKey): string;
  /**
   * Makes the active snapshot immutable under a name; its files are on disk before its row says so.
   * @throws EngineError `not_found` (key), `already_exists`: the key has been discarded, use the name
   * With `parent` the snapshot stands on that one, whatever it was prepared on: layers of one image unpack side by side,
   * each prepared without a parent, and are committed bottom first. @throws also `not_found` (parent)
   */
  commit(name: ChainId, key: SnapshotKey, options?: { readonly parent?: ChainId }): Promise<void>;
  /** Removes an active snapshot or view; nothing may be mounted from it. Files go in the background. @throws EngineError `not_found` */
  remove(key: SnapshotKey): Promise<void>;
  /** @throws EngineError `not_found`, or `conflict` while anything stands on it */
  removeCommitted(name: ChainId): Promise<void>;
  /** At boot, before anything else: makes directories agree with rows. */
  reconcile(): Promise<SnapshotRepair>;
}

/** Whose ids a mount shows. */
export interface MountIds {
  /** Name of the user namespace, under /proc. */
  readonly userNamespace: string;
  /** What its root is outside. */
  readonly root: { readonly uid: number; readonly gid: number };
}

/** A directory or file of the host as it shall appear in a {@link TreeView}. */
export interface ViewMount {
  readonly source: string;
  /** Absolute, as the tree sees it; resolved inside the tree, made when it is missing. */
  readonly destination: string;
  readonly readonly: boolean;
  /** Takes along what is mounted below `source`. */
  readonly recursive: boolean;
}

export interface ViewRequest {
  /** A mounted tree, or any directory. */
  readonly root: string;
  /** In this order, so parents first. */
  readonly mounts: readonly ViewMount[];
  /** Nothing can be written but to the mounts. */
  readonly readonlyRoot: boolean;
  /** Ids that the root shows already, and the mounts shall show. */
  readonly ids?: MountIds;
  /** A path that does not exist, used for the moment of making. */
  readonly scratch: string;
}

/** A tree of mounts that no path of any mount namespace shows. It goes when it is disposed, or with the process. */
export interface TreeView extends Disposable {
  /** Names its root to calls of this process until it is disposed. */
  readonly path: string;
}

export interface Mounter {
  /**
   * With `ids` the files show the ids of that user namespace, and keep on disk those of inside; nothing is copied or
   * changed.
   * @throws EngineError of the failed system call, `unavailable` where kernel or file system cannot map ids
   */
  mount(mount: Mount, target: string, ids?: MountIds): void;
  /** Shows a file or directory, with all that is mounted below where `recursive`, at an existing target of its kind. */
  bind(source: string, target: string, ids: MountIds, options: { readonly recursive: boolean }): void;
  /** A tmpfs that everybody can write to, as /dev/shm is. `owner`: of its root; the host's otherwise. */
  tmpfs(target: string, options: { readonly sizeBytes: number; readonly owner?: MountIds["root"] | undefined }): void;
  /** @throws EngineError `unavailable` when ids at this place cannot be mapped; changes nothing */
  checkIds(source: string, ids: MountIds): void;
  /** Detaches (MNT_DETACH): files still in use stay usable to their holders. No error when nothing is mounted there. */
  unmount(target: string): void;
  /** A tree with more mounted in it, whoever else changes files of it meanwhile. @throws EngineError of the failed system call */
  openView(request: ViewRequest): TreeView;
  /** A mount that appears nowhere. `scratch` as in {@link ViewRequest}. */
  openMount(mount: Mount, scratch: string): TreeView;
}
