import { mkdirSync, rmdirSync } from "node:fs";
import type { ContainerId } from "#core";
import type { MountIds } from "#snapshot";
import type { ContainerContext } from "./context.ts";
import { containerFiles } from "./files.ts";
import { snapshotKeyOf, type ContainerRecord } from "./record.ts";

/**
 * Mounts a container's root; `undo` unmounts it. The files of `--rm` end with the container, those of a build step are
 * synced when they become a layer: neither waits for the disk. `ids`: those of its user namespace.
 */
export function mountRoot(
  { deps }: ContainerContext,
  record: ContainerRecord,
  undo: AsyncDisposableStack,
  ids?: MountIds,
): void {
  const { id, hostConfig, buildStep } = record;
  const root = containerFiles(deps, id).rootfs;
  mkdirSync(root, { recursive: true, mode: 0o755 });
  const isVolatile = hostConfig.AutoRemove === true || buildStep === true;
  deps.mounter.mount({ ...deps.snapshots.mount(snapshotKeyOf(id)), volatile: isVolatile }, root, ids);
  undo.defer(() => unmountRoot({ deps }, id));
}

/** Harmless when nothing is mounted. */
export function unmountRoot({ deps }: Pick<ContainerContext, "deps">, id: ContainerId): void {
  const root = containerFiles(deps, id).rootfs;
  deps.mounter.unmount(root);
  try {
    rmdirSync(root);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
