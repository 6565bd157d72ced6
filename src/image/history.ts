import { familiarReference, type ImageHistoryItem } from "#spec";
import type { ImageCatalog } from "./catalog.ts";
import type { ImageRecord } from "./contract.ts";
import { isDigestName } from "./names.ts";

/**
 * Newest first, one item per history entry of the config. The ids are those of the image and its local parents, in order;
 * where the chain of parents ends, Docker says `<missing>`.
 */
export function imageHistory(catalog: ImageCatalog, image: ImageRecord): ImageHistoryItem[] {
  const ancestors = ancestry(catalog, image);
  return entriesWithSizes(image)
    .reverse()
    .map(({ entry, size }, at) => ({
      Id: ancestors[at]?.id ?? "<missing>",
      Created: unixSeconds(entry.created),
      CreatedBy: entry.created_by ?? "",
      Tags: tagsOf(catalog, ancestors[at]),
      Size: size,
      Comment: entry.comment ?? "",
    }));
}

function entriesWithSizes(
  image: ImageRecord,
): { entry: NonNullable<ImageRecord["config"]["history"]>[number]; size: number }[] {
  let layer = 0;
  return (image.config.history ?? []).map((entry) => ({
    entry,
    size: entry.empty_layer === true ? 0 : (image.layers[layer++]?.unpackedBytes ?? 0),
  }));
}

function ancestry(catalog: ImageCatalog, image: ImageRecord): ImageRecord[] {
  const chain: ImageRecord[] = [];
  for (let at: ImageRecord | undefined = image; at && !chain.includes(at);) {
    chain.push(at);
    at = at.parent === undefined ? undefined : catalog.get(at.parent);
  }
  return chain;
}

function tagsOf(catalog: ImageCatalog, image: ImageRecord | undefined): string[] | null {
  if (!image) return null;
  const names = catalog.names.of(image.id).filter((name) => !isDigestName(name));
  return names.length === 0 ? null : names.map((name) => familiarReference(name.reference));
}

/** 0 where no time is known, as Docker has it. */
function unixSeconds(created: string | null | undefined): number {
  const ms = Date.parse(created ?? "");
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}
