import { mkdirSync, rmdirSync } from "node:fs";
import type { ContainerId } from "#core";
import type { MountIds } from "#snapshot";
import type { EngineDeps } from "../../deps.ts";
import { containerFiles } from "../host-files.ts";
import { isRunning, snapshotKeyOf, type ContainerRecord } from "../record.ts";

/**
 * The mounted roots of containers. Overlayfs must not be mounted twice on one layer, so all who need a root share the
 * one mount: the task while it runs, readers of files at any time. Whoever is last takes it away.
 */
export interface RootMounts {
  /** Mounts the root for the task; `undo` gives it back. `ids`: those of the container's user namespace. */
  mountForTask(record: ContainerRecord, undo: AsyncDisposableStack, ids?: MountIds): void;
  /** The task needs it no more. Harmless when nothing is mounted. */
  releaseTask(id: ContainerId): void;
  /** Keeps the root mounted until disposed. Only while nothing else changes the container (`registry.exclusive`). */
  hold(record: ContainerRecord, ids?: MountIds): Disposable;
}

const task = Symbol("task");

export function createRootMounts(deps: Pick<EngineDeps, "paths" | "mounter" | "snapshots">): RootMounts {
  const holders = new Map<ContainerId, Set<symbol>>();

  const take = (record: ContainerRecord, holder: symbol, ids: MountIds | undefined): void => {
    const known = holders.get(record.id);
    // A task that an earlier engine started holds its root, though this one did not mount it.
    const held = known ?? new Set(isRunning(record) ? [task] : []);
    if (held.size === 0) mountRoot(deps, record, ids);
    held.add(holder);
    holders.set(record.id, held);
  };

  const drop = (id: ContainerId, holder: symbol): void => {
    const held = holders.get(id);
    held?.delete(holder);
    if (held !== undefined && held.size > 0) return;
    holders.delete(id);
    unmountRoot(deps, id);
  };

  return {
    mountForTask(record, undo, ids) {
      take(record, task, ids);
      undo.defer(() => drop(record.id, task));
    },
    releaseTask: (id) => drop(id, task),
    hold(record, ids) {
      const holder = Symbol("reader");
      take(record, holder, ids);
      return { [Symbol.dispose]: () => drop(record.id, holder) };
    },
  };
}

/**
 * The files of `--rm` end with the container, those of a build step are synced when they become a layer: neither waits
 * for the disk.
 */
function mountRoot(
  deps: Pick<EngineDeps, "paths" | "mounter" | "snapshots">,
  record: ContainerRecord,
  ids: MountIds | undefined,
): void {
  const { id, hostConfig, buildStep } = record;
  const root = containerFiles(deps, id).rootfs;
  mkdirSync(root, { recursive: true, mode: 0o755 });
  const isVolatile = hostConfig.AutoRemove === true || buildStep === true;
  try {
    deps.mounter.mount({ ...deps.snapshots.mount(snapshotKeyOf(id)), volatile: isVolatile }, root, ids);
  } catch (error) {
    unmountRoot(deps, id);
    throw error;
  }
}

function unmountRoot(deps: Pick<EngineDeps, "paths" | "mounter">, id: ContainerId): void {
  const root = containerFiles(deps, id).rootfs;
  deps.mounter.unmount(root);
  try {
    rmdirSync(root);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
