import { volumeInfo } from "#volume";
import type { ContainerContext } from "../containers/context.ts";
import { listContainers } from "../containers/list.ts";
import { snapshotKeyOf } from "../containers/record.ts";
import { createImages } from "../images/images.ts";

/** The object of `GET /system/df`: images, containers and volumes with their bytes. */
export async function diskUsage(context: ContainerContext): Promise<Readonly<Record<string, unknown>>> {
  const { deps } = context;
  const filters = new Map<string, string[]>();
  const images = createImages(context).list({ all: true, filters, sharedSize: true });
  const layers = new Map(
    deps.images.list().flatMap((image) => image.layers.map(({ chainId, unpackedBytes }) => [chainId, unpackedBytes])),
  );
  return {
    LayersSize: [...layers.values()].reduce((sum, bytes) => sum + bytes, 0),
    Images: images.map((image) => ({
      ...image,
      SharedSize: sharedBytes(context, image.Id),
      Containers: context.registry.all().filter(({ imageId }) => imageId === image.Id).length,
    })),
    Containers: await containersWithSizes(context),
    Volumes: await volumesWithSizes(context),
    BuildCache: [],
    BuilderSize: 0,
  };
}

function sharedBytes({ deps }: ContainerContext, id: string): number {
  return deps.images.sharedBytes(deps.images.resolve(id).id);
}

async function containersWithSizes(context: ContainerContext): Promise<unknown[]> {
  const summaries = listContainers(context, { all: true, limit: 0, size: true, filters: new Map() });
  return Promise.all(
    summaries.map(async (summary) => {
      const record = context.registry.find(summary.Id);
      const { bytes } = await context.deps.snapshots.usage(snapshotKeyOf(record.id));
      const image = record.imageId === "" ? undefined : context.deps.images.get(record.imageId);
      return { ...summary, SizeRw: bytes, SizeRootFs: bytes + (image?.sizeBytes ?? 0) };
    }),
  );
}

async function volumesWithSizes({ deps, registry }: ContainerContext): Promise<unknown[]> {
  const mounts = registry.all().flatMap((record) => record.mounts);
  return Promise.all(
    deps.volumes.list().map(async (volume) => {
      const RefCount = mounts.filter(({ Name }) => Name === volume.name).length;
      return { ...volumeInfo(volume), UsageData: { RefCount, Size: await deps.directoryBytes(volume.mountpoint) } };
    }),
  );
}
