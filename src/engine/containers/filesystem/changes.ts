import { listTreeChanges, type TreeChange } from "#archive";
import type { FsChange } from "#spec";
import type { ContainerContext } from "../context.ts";
import { scratchPath } from "./file-view.ts";
import { snapshotKeyOf } from "../record.ts";

const kinds = { modified: 0, added: 1, deleted: 2 } as const satisfies Record<TreeChange["kind"], FsChange["Kind"]>;

/**
 * `GET /containers/{id}/changes`: the container's own layer against the layers it stands on, the mount points that every
 * container has among them. Null when nothing changed, as Docker says it.
 */
export async function containerChanges(context: ContainerContext, ref: string): Promise<readonly FsChange[] | null> {
  const { id } = context.registry.find(ref);
  const { deps } = context;
  const key = snapshotKeyOf(id);
  const { lower } = deps.snapshots.mount(key);
  using below = deps.mounter.openMount({ type: "overlay", lower, readonly: true }, scratchPath(context));
  const changes = listTreeChanges(deps.snapshots.layerDirectory(key), below.path);
  if (changes.length === 0) return null;
  return changes.map(({ path, kind }) => ({ Path: path, Kind: kinds[kind] }));
}
