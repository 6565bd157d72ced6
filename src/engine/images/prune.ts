import { isEngineError } from "#core";
import type { ImageDeleteItem } from "#spec";
import type { Filters } from "../contract.ts";
import type { ContainerContext } from "../containers/context.ts";
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
  let spaceReclaimed = 0;
  for (const { id, sizeBytes } of candidates) {
    const image = images.get(id);
    if (!image || used.has(id) || images.children(id).length > 0) continue;
    const tags = images.tags(id);
    if (danglingOnly && tags.length > 0) continue;
    const items = await removeUnused(context, tags.length === 0 ? [id] : tags);
    deleted.push(...items);
    if (items.some((item) => "Deleted" in item)) spaceReclaimed += sizeBytes;
  }
  await context.initLayers.drop();
  return { deleted, spaceReclaimed };
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
