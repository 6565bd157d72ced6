import { EngineError, parseDigest, type ImageId } from "#core";
import { decompress, readTar } from "#archive";
import type { ContentStore } from "#content";
import type { Snapshotter } from "#snapshot";
import {
  chainIds,
  familiarReference,
  formatPlatform,
  mediaTypes,
  parsePlatform,
  type ImageConfig,
  type ProgressMessage,
  type Reference,
} from "#spec";
import type { Lease } from "#store";
import type { ImageCatalog, NewImage } from "../catalog.ts";
import { imageIdOf, parseConfig } from "../config.ts";
import { ingestStream } from "../import.ts";
import { layerMediaType, layerRecords } from "../layers.ts";
import type { ImageEvents, ImageRecord, NewLayer } from "../contract.ts";
import type { LayerUnpacker } from "../unpack.ts";
import { parseArchiveManifest, type ArchivedImage } from "./documents.ts";
import { readLayout } from "./oci-layout.ts";
import { ArchiveStage } from "./stage.ts";

/** Entries of one archive: an image has a few dozen. */
const maxEntries = 100_000;

export interface LoadDependencies {
  readonly catalog: ImageCatalog;
  readonly content: ContentStore;
  readonly snapshots: Snapshotter;
  readonly unpacker: LayerUnpacker;
  readonly events: ImageEvents;
}

export interface LoadOptions {
  readonly platform: string | undefined;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  report(message: ProgressMessage): void;
}

interface Prepared {
  readonly image: NewImage;
  readonly tags: readonly Reference[];
}

/**
 * Loads all images of an archive, or none: docker-archive of any age or OCI layout, in any compression.
 * @throws EngineError `invalid`, `corrupt`, `exhausted`, `canceled`
 */
export async function loadArchive(
  deps: LoadDependencies,
  archive: ReadableStream<Uint8Array>,
  options: LoadOptions,
): Promise<void> {
  const stageDeps = { ...deps, isKnownLayer: deps.catalog.hasLayerBlob.bind(deps.catalog) };
  await using stage = new ArchiveStage(stageDeps, options.lease, options);
  const { stream } = await decompress(archive);
  for await (const entry of readTar(stream, { maxEntries })) await stage.add(entry);
  await stage.settle();
  const archived = await readManifests(stage, options.platform);
  const prepared: Prepared[] = [];
  for (const image of archived) prepared.push(await prepare(deps, stage, image, options));
  publish(deps, prepared, options);
}

async function readManifests(stage: ArchiveStage, platform: string | undefined): Promise<ArchivedImage[]> {
  if (stage.find("manifest.json")) return parseArchiveManifest(await stage.document("manifest.json"));
  if (stage.find("index.json")) return await readLayout(stage, platform);
  throw new EngineError("invalid", "invalid archive: does not contain a manifest.json");
}

async function prepare(
  deps: LoadDependencies,
  stage: ArchiveStage,
  archived: ArchivedImage,
  options: LoadOptions,
): Promise<Prepared> {
  const configBytes = await stage.document(archived.config);
  const id = imageIdOf(configBytes);
  const known = deps.catalog.get(id);
  if (known && isWhole(deps, known)) return { image: { ...known, configBytes }, tags: archived.tags };
  const config = parseConfig(configBytes);
  checkConfig(config, archived, options.platform);
  const layers = await placeLayers({ deps, stage, lease: options.lease }, config, archived.layers);
  await deps.content.put(configBytes, options.lease);
  const image = {
    id,
    configBytes,
    config,
    layers: layerRecords(layers, deps.content, deps.snapshots),
    ...parentOf(archived),
  };
  return { image, tags: archived.tags };
}

/** What lost a blob or a chain is loaded like any other, and so made whole. */
function isWhole({ content, snapshots }: LoadDependencies, { id, layers }: ImageRecord): boolean {
  const parts = layers.every(({ blob, chainId }) => content.stat(blob.digest) && snapshots.stat(chainId));
  return parts && content.stat(parseDigest(id)) !== undefined;
}

function parentOf({ parent }: ArchivedImage): { parent: ImageId } | undefined {
  return parent === undefined ? undefined : { parent };
}

function checkConfig(config: ImageConfig, archived: ArchivedImage, platform: string | undefined): void {
  if (config.os !== "linux") throw new EngineError("invalid", `cannot load ${config.os} image on linux`);
  const expected = archived.layers.length;
  const actual = config.rootfs.diff_ids.length;
  if (expected !== actual) {
    throw new EngineError("invalid", `invalid manifest, layers length mismatch: expected ${expected}, got ${actual}`);
  }
  const wanted = platform === undefined ? undefined : parsePlatform(platform);
  if (wanted && wanted.architecture !== config.architecture) {
    throw new EngineError("not_found", `image is of platform ${formatPlatform(config)}, not ${formatPlatform(wanted)}`);
  }
}

/** All layers start to unpack; then each is placed on the one below. */
async function placeLayers(
  { deps, stage, lease }: { readonly deps: LoadDependencies; readonly stage: ArchiveStage; readonly lease: Lease },
  config: ImageConfig,
  paths: readonly string[],
): Promise<NewLayer[]> {
  const chain = chainIds(config.rootfs.diff_ids);
  const blobs = await Promise.all(paths.map((path) => layerBlob(deps.content, stage, path, lease)));
  for (const chainId of chain) lease.add(chainId);
  const missing = blobs.flatMap((blob, index) => (isPlaced(deps.snapshots, chain[index]) ? [] : [{ blob, index }]));
  const jobs = await Promise.all(
    missing.map(async ({ blob, index }) => ({ index, job: await stage.unpack(blob.digest) })),
  );
  for (const { index, job } of jobs) {
    const [chainId, diffId, parent] = [chain[index], config.rootfs.diff_ids[index], chain[index - 1]];
    if (chainId === undefined || diffId === undefined) continue;
    await deps.unpacker.place({ chainId, diffId, index, ...(parent === undefined ? {} : { parent }) }, job, lease);
  }
  return blobs.flatMap((blob, index) => {
    const diffId = config.rootfs.diff_ids[index];
    return diffId === undefined ? [] : [{ diffId, blob }];
  });
}

function isPlaced(
  snapshots: Snapshotter,
  chainId: NonNullable<ReturnType<typeof chainIds>[number]> | undefined,
): boolean {
  return chainId !== undefined && snapshots.stat(chainId) !== undefined;
}

/** The layer as it is stored: as it came, but for compressions that images do not know, which are undone. */
async function layerBlob(
  content: ContentStore,
  stage: ArchiveStage,
  path: string,
  lease: Lease,
): Promise<NewLayer["blob"]> {
  const { digest, sizeBytes } = await stage.blob(path);
  const mediaType = layerMediaType(stage.head(path));
  if (mediaType !== undefined) return { mediaType, digest, size: sizeBytes };
  const { stream } = await decompress(content.open(digest));
  const plain = await ingestStream(content, stream, lease);
  return { mediaType: mediaTypes.ociLayer, digest: plain.digest, size: plain.sizeBytes };
}

/** The images with their tags become visible in one transaction; only then are they told. */
function publish({ catalog, events }: LoadDependencies, prepared: readonly Prepared[], { report }: LoadOptions): void {
  const tags = prepared.flatMap(({ image, tags: references }) =>
    references.map((reference) => ({ id: image.id, reference })),
  );
  const moved = tags.map(({ id, reference }) => movedMessage(catalog, id, reference));
  const images = prepared.map(({ image }) => image);
  const ids = new Set(images.map((image) => image.id));
  const rooted = images.map(({ parent, ...image }) =>
    parent !== undefined && (ids.has(parent) || catalog.get(parent)) ? { ...image, parent } : image,
  );
  catalog.insert(rooted, tags);
  let at = 0;
  for (const { image, tags: references } of prepared) {
    for (const reference of references) {
      const message = moved[at++];
      if (message !== undefined) report({ stream: message });
      report({ stream: `Loaded image: ${familiarReference(reference)}\n` });
    }
    if (references.length === 0) report({ stream: `Loaded image ID: ${image.id}\n` });
    events.emit("load", image.id, image.id);
  }
}

function movedMessage(catalog: ImageCatalog, id: ImageId, reference: Reference): string | undefined {
  const old = catalog.names.get(reference);
  if (!old || old.imageId === id) return undefined;
  return `The image ${familiarReference(reference)} already exists, renaming the old one with ID ${old.imageId} to empty string\n`;
}
