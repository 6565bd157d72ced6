import { EngineError, formatRfc3339Nano, parseDiffId, type Clock } from "#core";
import { decompress } from "#archive";
import type { ContentStore } from "#content";
import { hostPlatform, mediaTypes, nextChainId, parsePlatform, type ImageConfig } from "#spec";
import type { Lease } from "#store";
import type { ImageRecord, ImageStore, NewLayer } from "./contract.ts";
import type { LayerUnpacker } from "./unpack.ts";

export interface ImportDependencies {
  readonly content: ContentStore;
  readonly unpacker: LayerUnpacker;
  readonly clock: Clock;
  create: ImageStore["create"];
}

export interface ImportOptions {
  readonly config: ImageConfig["config"];
  readonly message: string;
  readonly platform: string | undefined;
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

/** Makes an image of one layer from a tar of any compression; the layer is stored uncompressed. */
export async function importRootfs(
  deps: ImportDependencies,
  source: ReadableStream<Uint8Array>,
  options: ImportOptions,
): Promise<ImageRecord> {
  const platform = options.platform === undefined ? hostPlatform() : parsePlatform(options.platform);
  if (platform.os !== "linux") throw new EngineError("invalid", `cannot import ${platform.os} image on linux`);
  const layer = await storeLayer(deps.content, source, options);
  const job = await deps.unpacker.acquire(layer.blob.digest);
  try {
    await deps.unpacker.place(
      { chainId: nextChainId(undefined, layer.diffId), diffId: layer.diffId, index: 0 },
      job,
      options.lease,
    );
  } finally {
    await deps.unpacker.release(job);
  }
  const created = formatRfc3339Nano(deps.clock.nowNs());
  const config: ImageConfig = {
    architecture: platform.architecture,
    ...(options.config === undefined ? {} : { config: options.config }),
    created,
    history: [{ created, comment: options.message }],
    os: platform.os,
    rootfs: { type: "layers", diff_ids: [layer.diffId] },
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
  };
  return await deps.create({ config, layers: [layer], lease: options.lease });
}

async function storeLayer(
  content: ContentStore,
  source: ReadableStream<Uint8Array>,
  { lease, signal }: ImportOptions,
): Promise<NewLayer> {
  const { stream } = await decompress(source);
  const { digest, sizeBytes } = await ingestStream(content, stream, lease, signal);
  return { diffId: parseDiffId(digest), blob: { mediaType: mediaTypes.ociLayer, digest, size: sizeBytes } };
}

/** Stores what the stream brings under its digest. Nothing is left of a stream that fails. */
export async function ingestStream(
  content: ContentStore,
  stream: AsyncIterable<Uint8Array>,
  lease: Lease,
  signal?: AbortSignal,
): Promise<Awaited<ReturnType<ContentStore["put"]>>> {
  const ingest = await content.begin();
  try {
    for await (const chunk of stream) {
      if (signal?.aborted) throw new EngineError("canceled", "import was canceled");
      await ingest.write(chunk);
    }
    return await ingest.commit({ lease });
  } catch (error) {
    await ingest.abort();
    throw error;
  }
}
