import { createLimiter, parseContainerId, type ContainerId } from "#core";
import type { ContainerSummary } from "#spec";
import type { ContainerContext } from "../context.ts";
import { containerFiles } from "../host-files.ts";
import { snapshotKeyOf, type ContainerRecord } from "../record.ts";

/** Walks of directories at a time. */
const walksAtOnce = 4;

export interface ContainerSizes {
  /** Bytes of the container's own layer. */
  readonly SizeRw: number;
  /** With those of the image. */
  readonly SizeRootFs: number;
}

/** @throws EngineError `not_found` for a container whose layer is gone by now */
export async function containerSizes({ deps }: ContainerContext, record: ContainerRecord): Promise<ContainerSizes> {
  const { bytes } = await deps.snapshots.usage(snapshotKeyOf(record.id));
  const image = record.imageId === "" ? undefined : deps.images.get(record.imageId);
  return { SizeRw: bytes, SizeRootFs: bytes + (image?.sizeBytes ?? 0) };
}

/** All that goes with a container: its own layer and its files, the log above all. */
export async function containerBytes({ deps }: ContainerContext, id: ContainerId): Promise<number> {
  const { bytes } = await deps.snapshots.usage(snapshotKeyOf(id));
  return bytes + (await deps.directoryBytes(containerFiles(deps, id).directory));
}

/** Leaves out what is removed meanwhile. */
export async function withSizes(
  context: ContainerContext,
  summaries: readonly ContainerSummary[],
): Promise<ContainerSummary[]> {
  const limited = createLimiter(walksAtOnce);
  const sized = await Promise.all(
    summaries.map(async (summary) => {
      const record = context.registry.get(parseContainerId(summary.Id));
      if (!record) return [];
      const sizes = await limited(() => sizesUnlessGone(context, record));
      return sizes ? [{ ...summary, ...sizes }] : [];
    }),
  );
  return sized.flat();
}

async function sizesUnlessGone(
  context: ContainerContext,
  record: ContainerRecord,
): Promise<ContainerSizes | undefined> {
  try {
    return await containerSizes(context, record);
  } catch (error) {
    if (!context.registry.get(record.id)) return undefined;
    throw error;
  }
}
