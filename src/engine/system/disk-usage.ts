import { createLimiter, parseContainerId } from "#core";
import type { ContainerSummary, ImageSummary } from "#spec";
import { volumeInfo, type VolumeRecord } from "#volume";
import type { DiskUsageType } from "../contract.ts";
import type { ContainerContext } from "../containers/context.ts";
import { containerFiles } from "../containers/host-files.ts";
import { listContainers } from "../containers/show/list.ts";
import { withSizes } from "../containers/show/sizes.ts";
import { createImages } from "../images/images.ts";
import { imageBytes } from "./image-bytes.ts";

/** Walks of directories at a time. */
const walksAtOnce = 4;

/**
 * The object of `GET /system/df`; lists of other types are null. It adds up to what `du` says: images with the blobs they came
 * as, containers with their logs.
 */
export async function diskUsage(
  context: ContainerContext,
  types: ReadonlySet<DiskUsageType>,
): Promise<Readonly<Record<string, unknown>>> {
  return {
    ...(types.has("image") ? imageUsage(context) : { LayersSize: 0, Images: null }),
    Containers: types.has("container") ? await containerUsage(context) : null,
    Volumes: types.has("volume") ? await volumeUsage(context) : null,
    BuildCache: types.has("build-cache") ? [] : null,
  };
}

function imageUsage(context: ContainerContext): Readonly<Record<string, unknown>> {
  const { deps, registry } = context;
  const bytes = imageBytes(deps);
  const images = createImages(context).list({ all: false, filters: new Map(), sharedSize: true });
  const containers = registry.all();
  const usageOf = (summary: ImageSummary): ImageSummary => {
    const image = deps.images.resolve(summary.Id);
    const { size, shared } = bytes.of(image);
    const Containers = containers.filter(({ imageId }) => imageId === image.id).length;
    return { ...summary, Size: size, SharedSize: shared, Containers };
  };
  return { LayersSize: bytes.total, Images: images.map(usageOf) };
}

async function containerUsage(context: ContainerContext): Promise<ContainerSummary[]> {
  const { deps } = context;
  const all = listContainers(context, { all: true, limit: 0, size: true, filters: new Map() });
  const limited = createLimiter(walksAtOnce);
  return Promise.all(
    (await withSizes(context, all)).map(async (summary) => {
      const { directory } = containerFiles(deps, parseContainerId(summary.Id));
      const files = await limited(() => deps.directoryBytes(directory));
      return { ...summary, SizeRw: (summary.SizeRw ?? 0) + files };
    }),
  );
}

async function volumeUsage({ deps, registry }: ContainerContext): Promise<unknown[]> {
  const links = new Map<string, number>();
  for (const { mounts } of registry.all()) {
    for (const name of new Set(mounts.flatMap(({ Name }) => Name ?? []))) links.set(name, (links.get(name) ?? 0) + 1);
  }
  const limited = createLimiter(walksAtOnce);
  const usageOf = async (volume: VolumeRecord): Promise<unknown> => {
    const Size = await limited(() => deps.directoryBytes(volume.mountpoint));
    return { ...volumeInfo(volume), UsageData: { RefCount: links.get(volume.name) ?? 0, Size } };
  };
  return Promise.all(deps.volumes.list().map(usageOf));
}
