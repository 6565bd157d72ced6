import { chainIds } from "#spec";
import type { BlobReader } from "#content";
import type { SnapshotReader } from "#snapshot";
import { imageIdOf, parseConfig } from "./config.ts";
import type { ImageRecord } from "./contract.ts";

/** Where an image's parts are looked up. */
export interface ImageParts {
  readonly content: BlobReader;
  readonly snapshots: SnapshotReader;
  /** The config's exact bytes. */
  configBytes(image: ImageRecord): Uint8Array;
}

/**
 * All invariants of an image, as sentences about what does not hold; none for a sound image. Cheap: blobs and chains are
 * looked up, not read (`verifyBlobs` reads them).
 */
export function validateImage(image: ImageRecord, parts: ImageParts): string[] {
  return [...configProblems(image, parts), ...layerProblems(image), ...partProblems(image, parts)];
}

/** Reads every blob of the image and compares its digest. */
export async function verifyBlobs(image: ImageRecord, content: BlobReader): Promise<string[]> {
  const problems: string[] = [];
  for (const { blob } of image.layers) {
    const algorithm = blob.digest.startsWith("sha512:") ? "sha512" : "sha256";
    const hasher = new Bun.CryptoHasher(algorithm);
    for await (const chunk of content.open(blob.digest)) hasher.update(chunk);
    if (`${algorithm}:${hasher.digest("hex")}` !== blob.digest)
      problems.push(`the bytes of blob ${blob.digest} do not match it`);
  }
  return problems;
}

function configProblems(image: ImageRecord, parts: ImageParts): string[] {
  const bytes = parts.configBytes(image);
  const problems: string[] = [];
  if (imageIdOf(bytes) !== image.id) problems.push("the id is not the digest of the config");
  const { rootfs, history = [] } = parseConfig(bytes);
  const layers = (history ?? []).filter((entry) => entry.empty_layer !== true).length;
  if (history && history.length > 0 && layers !== rootfs.diff_ids.length) {
    problems.push(`the history has ${layers} layers, the config ${rootfs.diff_ids.length}`);
  }
  if (rootfs.diff_ids.join() !== image.layers.map((layer) => layer.diffId).join())
    problems.push("the layers are not the config's diff ids");
  return problems;
}

function layerProblems(image: ImageRecord): string[] {
  const chain = chainIds(image.layers.map((layer) => layer.diffId));
  const problems = image.layers.flatMap((layer, at) =>
    layer.chainId === chain[at] ? [] : [`layer ${at} has a wrong chain id`],
  );
  const sum = image.layers.reduce((total, layer) => total + layer.unpackedBytes, 0);
  if (sum !== image.sizeBytes) problems.push(`the size is ${image.sizeBytes}, the layers have ${sum} bytes`);
  return problems;
}

function partProblems(image: ImageRecord, { content, snapshots }: ImageParts): string[] {
  const problems: string[] = [];
  for (const [at, layer] of image.layers.entries()) {
    const blob = content.stat(layer.blob.digest);
    if (!blob) problems.push(`the blob of layer ${at} is missing: ${layer.blob.digest}`);
    else if (blob.sizeBytes !== layer.blob.size)
      problems.push(`the blob of layer ${at} has ${blob.sizeBytes} bytes, not ${layer.blob.size}`);
    const snapshot = snapshots.stat(layer.chainId);
    if (!snapshot) problems.push(`the snapshot of layer ${at} is missing: ${layer.chainId}`);
    else if (snapshot.parent !== image.layers[at - 1]?.chainId)
      problems.push(`the snapshot of layer ${at} stands on a wrong parent`);
  }
  return problems;
}
