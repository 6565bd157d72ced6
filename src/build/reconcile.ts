import { readdir, rm, rmdir } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { EngineError, type SnapshotKey } from "#core";
import type { BuildHost } from "./host.ts";
import { snapshotPrefix } from "./classic/layers.ts";

/** What a boot found of builds that the last engine did not end. */
export interface BuildRepair {
  readonly removedEntries: number;
  readonly removedSnapshots: number;
}

/**
 * At boot, after the snapshotter's own repair and before any build: unmounts and removes what is left in the scratch directory,
 * and the active snapshots of steps. Images of finished steps stay: they are the cache.
 */
export async function reconcileBuilds(
  host: Pick<BuildHost, "scratch" | "mounter" | "snapshots">,
): Promise<BuildRepair> {
  const { scratch } = host;
  if (!isAbsolute(scratch)) throw new EngineError("internal", `the scratch directory is not absolute: ${scratch}`);
  const names = await readdir(scratch);
  for (const name of names) {
    const path = join(scratch, name);
    if (name.startsWith("mount-")) await removeMountPoint(host, path);
    else await rm(path, { recursive: true, force: true });
  }
  const keys = [...host.snapshots.walk()]
    .filter(({ kind, name }) => kind !== "committed" && name.startsWith(snapshotPrefix))
    .map(({ name }) => name as SnapshotKey);
  for (const key of keys) await host.snapshots.remove(key);
  return { removedEntries: names.length, removedSnapshots: keys.length };
}

/** Not recursive: should the unmount have missed something, `rmdir` refuses and no image is touched. */
async function removeMountPoint({ mounter }: Pick<BuildHost, "mounter">, path: string): Promise<void> {
  mounter.unmount(path);
  await rmdir(path);
}
