import { isEngineError, parseChainId, type SnapshotKey } from "#core";
import type { Snapshotter } from "#snapshot";
import type { Leases } from "#store";
import type { ImageCatalog } from "./catalog.ts";
import { unpackKeyPrefix, type LayerUnpacker } from "./unpack.ts";

export interface CollectDependencies {
  readonly catalog: ImageCatalog;
  readonly snapshots: Snapshotter;
  readonly unpacker: LayerUnpacker;
  readonly leases: Leases;
}

/** Removes committed chains that no image, lease or snapshot needs, children before parents. Returns how many. */
export async function collectSnapshots({ catalog, snapshots, unpacker, leases }: CollectDependencies): Promise<number> {
  let removed = 0;
  for (const { kind, name } of [...snapshots.walk()].reverse()) {
    if (kind !== "committed") continue;
    const chainId = parseChainId(name);
    if (catalog.chainUsers(chainId) > 0 || leases.isHeld(chainId)) continue;
    if (await unpacker.removeChain(chainId, () => catalog.chainUsers(chainId) > 0)) removed++;
  }
  return removed;
}

/** Boot: drops the unpacks that a crash cut short. */
export async function removeLeftUnpacks(snapshots: Snapshotter): Promise<void> {
  const left = [...snapshots.walk()].filter((item) => item.kind === "active" && item.name.startsWith(unpackKeyPrefix));
  for (const { name } of left) await removeQuietly(snapshots, name as SnapshotKey);
}

async function removeQuietly(snapshots: Snapshotter, key: SnapshotKey): Promise<void> {
  try {
    await snapshots.remove(key);
  } catch (error) {
    if (!isEngineError(error, "not_found")) throw error;
  }
}
