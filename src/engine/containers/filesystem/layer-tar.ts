import { diffLayer, statPath } from "#archive";
import type { ContainerId } from "#core";
import type { ContainerContext } from "../context.ts";
import { scratchPath } from "./file-view.ts";
import { initPaths } from "../create/init-layer.ts";
import { snapshotKeyOf } from "../record.ts";

/**
 * What a container changed, as the tar of a layer that stands on its image (OCI whiteouts; no sockets). A mount point
 * that the container removed leaves no mark, unless the image itself has that name: the layer of mount points between
 * the two is no part of any image. A container that runs should be paused meanwhile. @throws EngineError `not_found`
 */
export function containerLayerTar(
  context: Pick<ContainerContext, "deps">,
  id: ContainerId,
): ReadableStream<Uint8Array> {
  const { snapshots } = context.deps;
  const key = snapshotKeyOf(id);
  const ours = new Set(initPaths);
  for (const path of inImage(context, snapshots.mount(key).lower.slice(1))) ours.delete(path);
  return diffLayer(snapshots.layerDirectory(key), { omitWhiteout: (path) => ours.has(path) });
}

/** Of the paths of the layer of mount points, those that the image's own layers have. */
function inImage(context: Pick<ContainerContext, "deps">, layers: readonly string[]): readonly string[] {
  if (layers.length === 0) return [];
  const mount = { type: "overlay", lower: layers, readonly: true } as const;
  using image = context.deps.mounter.openMount(mount, scratchPath(context));
  return initPaths.filter((path) => statPath(image.path, path) !== undefined);
}
