import type { ImageRecord } from "#image";
import type { EngineDeps } from "../deps.ts";

/** What images take on the disk: their layers unpacked, and the blobs they came as. */
export interface ImageBytes {
  /** All images together, everything once; blobs of no image too. */
  readonly total: number;
  of(image: ImageRecord): { readonly size: number; readonly shared: number };
}

/** From the rows alone: nothing is walked. */
export function imageBytes({ images, content }: Pick<EngineDeps, "images" | "content">): ImageBytes {
  const users = new Map<string, number>();
  const layers = new Map<string, number>();
  for (const image of images.list()) {
    for (const [key] of partsOf(image)) users.set(key, (users.get(key) ?? 0) + 1);
    for (const { chainId, unpackedBytes } of image.layers) layers.set(chainId, unpackedBytes);
  }
  let total = 0;
  for (const bytes of layers.values()) total += bytes;
  for (const { sizeBytes } of content.walk()) total += sizeBytes;
  return {
    total,
    of(image) {
      let [size, shared] = [0, 0];
      for (const [key, bytes] of partsOf(image)) {
        size += bytes;
        if ((users.get(key) ?? 0) > 1) shared += bytes;
      }
      return { size, shared };
    },
  };
}

/** Bytes by what holds them, a chain or a blob. A layer may come twice in one image. */
function partsOf({ layers }: ImageRecord): ReadonlyMap<string, number> {
  const parts = new Map<string, number>();
  for (const { chainId, unpackedBytes, blob } of layers) {
    parts.set(`chain ${chainId}`, unpackedBytes);
    parts.set(`blob ${blob.digest}`, blob.size);
  }
  return parts;
}
