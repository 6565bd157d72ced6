import { mkdirSync, rmdirSync } from "node:fs";
import type { ContainerId } from "#core";
import type { ContainerContext } from "./context.ts";
import { containerFiles } from "./files.ts";
import { snapshotKeyOf } from "./record.ts";

/** Mounts a container's root; `undo` unmounts it. */
export function mountRoot({ deps }: ContainerContext, id: ContainerId, undo: AsyncDisposableStack): void {
  const root = containerFiles(deps, id).rootfs;
  mkdirSync(root, { recursive: true, mode: 0o755 });
  deps.mounter.mount(deps.snapshots.mount(snapshotKeyOf(id)), root);
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
