import { mkdtemp, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { isEngineError, parseSnapshotKey, randomHexId, type ChainId, type SnapshotKey } from "#core";
import type { NewLayer } from "#image";
import type { Mount } from "#snapshot";
import type { Lease } from "#store";
import type { BuildHost } from "../host.ts";

/** Start of the keys of all snapshots that steps write to or look at. */
export const snapshotPrefix = "build-";

/** A file tree that is mounted where only the builder looks. */
export interface MountedTree extends AsyncDisposable {
  readonly root: string;
}

/** The file tree of an image, read-only. */
export async function mountView(host: BuildHost, chain: ChainId | undefined): Promise<MountedTree> {
  await using undo = new AsyncDisposableStack();
  const key = newKey();
  const mount = await host.snapshots.view(key, chain);
  undo.defer(() => host.snapshots.remove(key));
  const root = await mountAt(host, mount, undo);
  const held = undo.move();
  return { root, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/**
 * Lets `write` change the file tree of a chain and makes a layer of the changes; undefined when there are none.
 * Nothing is left behind on failure.
 */
export async function writeLayer(
  host: BuildHost,
  parent: ChainId | undefined,
  lease: Lease,
  write: (root: string) => Promise<void>,
): Promise<NewLayer | undefined> {
  const key = newKey();
  const mount = await host.snapshots.prepare(key, parent);
  let owned = true;
  try {
    await using undo = new AsyncDisposableStack();
    await write(await mountAt(host, mount, undo));
    await undo.disposeAsync();
    const directory = host.snapshots.layerDirectory(key);
    const layer = await host.images.commitLayer({ directory, ...(parent === undefined ? {} : { parent }), lease });
    if (!layer) return undefined;
    lease.add(layer.chainId);
    owned = false;
    await commitSnapshot(host, layer.chainId, key);
    return { diffId: layer.diffId, blob: layer.blob };
  } finally {
    if (owned) await host.snapshots.remove(key);
  }
}

async function mountAt(host: BuildHost, mount: Mount, undo: AsyncDisposableStack): Promise<string> {
  const root = await mkdtemp(join(host.scratch, "mount-"));
  undo.defer(() => rmdir(root));
  host.mounter.mount(mount, root);
  undo.defer(() => host.mounter.unmount(root));
  return root;
}

/** The same layer on the same parent may be there already: then that one is used. */
async function commitSnapshot(host: BuildHost, chain: ChainId, key: SnapshotKey): Promise<void> {
  try {
    await host.snapshots.commit(chain, key);
  } catch (error) {
    if (isEngineError(error, "already_exists")) return;
    if (host.snapshots.statKey(key)) await host.snapshots.remove(key);
    throw error;
  }
}

function newKey(): SnapshotKey {
  return parseSnapshotKey(`${snapshotPrefix}${randomHexId().slice(0, 32)}`);
}
