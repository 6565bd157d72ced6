import { EngineError } from "#core";
import { detectCompression } from "#archive";
import type { BlobReader } from "#content";
import type { Snapshotter } from "#snapshot";
import { chainIds, mediaTypes } from "#spec";
import type { LayerRecord, NewLayer } from "./contract.ts";

/** Layers with their chain ids and sizes. @throws EngineError `not_found` when a blob or a chain is not there */
export function layerRecords(layers: readonly NewLayer[], content: BlobReader, snapshots: Snapshotter): LayerRecord[] {
  const chain = chainIds(layers.map((layer) => layer.diffId));
  return layers.map(({ diffId, blob }, at) => {
    const chainId = chain[at];
    const snapshot = chainId && snapshots.stat(chainId);
    if (!chainId || !snapshot) throw new EngineError("not_found", `no such snapshot: ${chainId}`);
    if (!content.stat(blob.digest)) throw new EngineError("not_found", `no such blob: ${blob.digest}`);
    return { diffId, chainId, blob, unpackedBytes: snapshot.usage?.bytes ?? 0 };
  });
}

/** The media type of a layer by the first bytes of its blob; undefined for a compression that no image may carry. */
export function layerMediaType(head: Uint8Array): string | undefined {
  switch (detectCompression(head)) {
    case "none":
      return mediaTypes.ociLayer;
    case "gzip":
      return mediaTypes.ociLayerGzip;
    case "zstd":
      return mediaTypes.ociLayerZstd;
    default:
      return undefined;
  }
}

/** True for the first 512 bytes of what can be a layer: a tar (POSIX or GNU magic) or compressed data. */
export function looksLikeLayer(head: Uint8Array): boolean {
  if (detectCompression(head) !== "none") return true;
  return head.length >= 262 && new TextDecoder("latin1").decode(head.subarray(257, 262)) === "ustar";
}
