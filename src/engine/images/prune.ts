import { isEngineError } from "#core";
import type { ImageDeleteItem } from "#spec";
import type { Filters } from "../contract.ts";
import type { ContainerContext } from "../containers/context.ts";
import { imageBytes } from "../system/image-bytes.ts";
import { imageFilter, isTrue } from "./filters.ts";
import { imageUsers } from "./users.ts";

/** `docker image prune`: dangling images, or with `dangling=false` all that no container uses. */
export async function pruneImages(
  context: ContainerContext,
  filters: Filters,
): Promise<{ readonly deleted: readonly ImageDeleteItem[]; readonly spaceReclaimed: number }> {
  const { images } = context.deps;
  const danglingOnly = isTrue(filters.get("dangling")?.[0] ?? "true");
  const rest = new Map([...filters].filter(([key]) => key !== "dangling"));
  const used = new Set(imageUsers(context).map(({ imageId }) => imageId));
  const candidates = images.list().filter(imageFilter(context, rest));
  const deleted: ImageDeleteItem[] = [];
  const before = imageBytes(context.deps).total;
  for (const { id } of candidates) {
    const image = images.get(id);
    if (!image || used.has(id) || images.children(id).length > 0) continue;
    const tags = images.tags(id);
    if (danglingOnly && tags.length > 0) continue;
    deleted.push(...(await removeUnused(context, tags.length === 0 ? [id] : tags)));
  }
  await context.initLayers.drop();
  // What another image made meanwhile is not worth a negative number.
  return { deleted, spaceReclaimed: Math.max(before - imageBytes(context.deps).total, 0) };
}

/** Removes an image by all its names; one that came into use meanwhile stays. */
async function removeUnused(context: ContainerContext, names: readonly string[]): Promise<ImageDeleteItem[]> {
  const items: ImageDeleteItem[] = [];
  for (const name of names) {
    try {
      items.push(
        ...(await context.deps.images.remove(name, { force: false, noprune: false, users: imageUsers(context) })),
      );
    } catch (error) {
      if (!isEngineError(error, "conflict") && !isEngineError(error, "not_found")) throw error;
    }
  }
  return items;
}
