import { chmodSync, chownSync, mkdirSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { EngineError, failpoint, type ContainerId } from "#core";
import { extractTar, packTree, resolvePath } from "#archive";
import type { Mount } from "#snapshot";
import type { ContainerContext } from "../context.ts";
import type { MountRecord } from "../record.ts";

/**
 * Fills empty volumes with what the image has at their place, owner and mode of the directory included. A file at that place is refused.
 */
export async function copyUp(
  { deps }: ContainerContext,
  id: ContainerId,
  mount: Mount,
  mounts: readonly MountRecord[],
): Promise<void> {
  const root = join(deps.paths.execRoot, `copy-up-${id}`);
  mkdirSync(root, { recursive: true });
  try {
    deps.mounter.mount(mount, root);
    failpoint("copy-up.mounted");
    for (const { Source, Destination } of mounts) await copyDirectory(root, Destination, Source);
  } finally {
    deps.mounter.unmount(root);
    rmdirSync(root);
  }
}

async function copyDirectory(root: string, destination: string, volume: string): Promise<void> {
  const source = join(root, resolvePath(root, destination));
  const stat = statSync(source, { throwIfNoEntry: false });
  if (!stat || readdirSync(volume).length > 0) return;
  if (!stat.isDirectory()) {
    throw new EngineError("invalid", `cannot mount volume over existing file, file exists ${destination}`);
  }
  await extractTar(packTree(source, { withTop: true }), volume);
  chownSync(volume, stat.uid, stat.gid);
  chmodSync(volume, stat.mode & 0o7777);
}
