import { EngineError, type Digest, type ImageId } from "#core";
import { packEntries, type TarInput } from "#archive";
import type { ContentStore } from "#content";
import {
  canonicalReference,
  familiarName,
  familiarReference,
  mediaTypes,
  parseReference,
  repositoryOf,
  type Descriptor,
  type Reference,
} from "#spec";
import type { Lease, Leases } from "#store";
import type { ImageCatalog } from "./catalog.ts";
import { encodeJson } from "./config.ts";
import type { ImageEvents, ImageRecord } from "./contract.ts";
import { isDigestName } from "./names.ts";
import { byIdPrefix, noSuchImage } from "./resolve.ts";

export interface SaveDependencies {
  readonly catalog: ImageCatalog;
  readonly content: ContentStore;
  readonly leases: Leases;
  readonly events: ImageEvents;
}

interface SavedImage {
  readonly image: ImageRecord;
  readonly tags: Reference[];
  readonly configBytes: Uint8Array;
}

/**
 * One tar that Docker since 1.10 and OCI tools read: `manifest.json`, `repositories` and an OCI layout over the same blobs.
 * Layers are as they are stored, each once; nothing is copied on the way, and the same images make the same bytes.
 * @throws EngineError `not_found`, before the stream
 */
export function saveArchive(deps: SaveDependencies, names: readonly string[]): ReadableStream<Uint8Array> {
  const saved = selectImages(deps.catalog, names);
  const lease = deps.leases.acquire();
  try {
    for (const { image } of saved) holdImage(deps, lease, image);
    const stream = withEnd(packEntries(archiveEntries(deps.content, saved)), () => lease[Symbol.dispose]());
    for (const { image } of saved) deps.events.emit("save", image.id, image.id);
    return stream;
  } catch (error) {
    lease[Symbol.dispose]();
    throw error;
  }
}

function selectImages(catalog: ImageCatalog, names: readonly string[]): SavedImage[] {
  const saved = new Map<ImageId, SavedImage>();
  for (const name of names) {
    for (const { image, tag } of selectByName(catalog, name)) {
      const known = saved.get(image.id) ?? { image, tags: [], configBytes: catalog.configBytes(image.id) };
      saved.set(image.id, known);
      if (tag && !known.tags.some((other) => canonicalReference(other) === canonicalReference(tag)))
        known.tags.push(tag);
    }
  }
  return [...saved.values()];
}

/** A name without a tag means all tags of the repository; an id means the image without its names. */
function selectByName(catalog: ImageCatalog, name: string): { image: ImageRecord; tag?: Reference }[] {
  if (/^sha256:|^[a-f0-9]{64}$/.test(name)) return [{ image: requireById(catalog, name) }];
  const reference = parseReference(name);
  if (reference.tag !== undefined || reference.digest !== undefined) {
    const image = recordOf(catalog, catalog.names.get(reference)?.imageId);
    if (!image) throw new EngineError("not_found", "reference does not exist");
    return [reference.digest === undefined ? { image, tag: reference } : { image }];
  }
  const tags = catalog.names.ofRepository(repositoryOf(reference)).filter((known) => !isDigestName(known));
  if (tags.length === 0) return [{ image: requireById(catalog, name) }];
  return tags.flatMap(({ imageId, reference: tag }) => {
    const image = recordOf(catalog, imageId);
    return image ? [{ image, tag }] : [];
  });
}

function recordOf(catalog: ImageCatalog, id: ImageId | undefined): ImageRecord | undefined {
  return id === undefined ? undefined : catalog.get(id);
}

function requireById(catalog: ImageCatalog, name: string): ImageRecord {
  const image = byIdPrefix(catalog, name);
  if (!image) throw noSuchImage(name);
  return image;
}

/** @throws EngineError `corrupt` when a blob is missing */
function holdImage({ content }: SaveDependencies, lease: Lease, image: ImageRecord): void {
  for (const digest of [configDigest(image), ...image.layers.map((layer) => layer.blob.digest)]) {
    lease.add(digest);
    if (!content.stat(digest)) throw new EngineError("corrupt", `image ${image.id} has lost its blob ${digest}`);
  }
}

/** Needs no row while it runs: an image may be removed meanwhile, its blobs are held. */
function* archiveEntries(content: ContentStore, saved: readonly SavedImage[]): Iterable<TarInput> {
  const manifests = saved.map((item) => encodeJson(ociManifest(item)));
  yield file("oci-layout", encodeJson({ imageLayoutVersion: "1.0.0" }));
  yield file("index.json", encodeJson(ociIndex(saved, manifests)));
  yield file("manifest.json", encodeJson(saved.map((item) => dockerManifest(item, saved))));
  const repositories = dockerRepositories(saved);
  if (Object.keys(repositories).length > 0) yield file("repositories", encodeJson(repositories));
  yield { header: { path: "blobs", type: "directory" } };
  yield { header: { path: "blobs/sha256", type: "directory" } };
  const seen = new Set<Digest>();
  for (const [at, { image, configBytes }] of saved.entries()) {
    const manifest = manifests[at] ?? new Uint8Array();
    yield file(blobPath(digestOf(manifest)), manifest);
    yield file(blobPath(configDigest(image)), configBytes);
    for (const { blob } of image.layers) {
      if (seen.has(blob.digest)) continue;
      seen.add(blob.digest);
      yield { header: { path: blobPath(blob.digest), size: blob.size, type: "file" }, body: content.open(blob.digest) };
    }
  }
}

function file(path: string, body: Uint8Array): TarInput {
  return { header: { path, size: body.length, type: "file" }, body };
}

function ociManifest({ image, configBytes }: SavedImage): object {
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest: image.id, size: configBytes.length },
    layers: image.layers.map((layer) => plainDescriptor(layer.blob)),
  };
}

function ociIndex(saved: readonly SavedImage[], manifests: readonly Uint8Array[]): object {
  const entries = saved.flatMap(({ tags }, at) => {
    const manifest = manifests[at] ?? new Uint8Array();
    const descriptor = { mediaType: mediaTypes.ociManifest, digest: digestOf(manifest), size: manifest.length };
    const named = tags.map((tag) => ({
      ...descriptor,
      annotations: {
        "io.containerd.image.name": canonicalReference(tag),
        "org.opencontainers.image.ref.name": tag.tag,
      },
    }));
    return named.length > 0 ? named : [descriptor];
  });
  return { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: entries };
}

function dockerManifest({ image, tags }: SavedImage, saved: readonly SavedImage[]): object {
  const parent = saved.find((other) => other.image.id === image.parent)?.image.id;
  return {
    Config: blobPath(configDigest(image)),
    RepoTags: tags.length > 0 ? tags.map(familiarReference) : null,
    Layers: image.layers.map((layer) => blobPath(layer.blob.digest)),
    ...(parent === undefined ? {} : { Parent: parent }),
    LayerSources: Object.fromEntries(image.layers.map((layer) => [layer.diffId, plainDescriptor(layer.blob)])),
  };
}

/** Repository → tag → digest of the top layer, for Docker before 1.10 to show. */
function dockerRepositories(saved: readonly SavedImage[]): Record<string, Record<string, string>> {
  const repositories: Record<string, Record<string, string>> = {};
  for (const { image, tags } of saved) {
    const top = image.layers.at(-1)?.blob.digest.replace(/^.*:/, "") ?? "";
    for (const tag of tags) (repositories[familiarName(tag)] ??= {})[tag.tag ?? "latest"] = top;
  }
  return repositories;
}

function plainDescriptor({ mediaType, size, digest }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

function configDigest(image: ImageRecord): Digest {
  return image.id as string as Digest;
}

function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}` as Digest;
}

function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/** The stream, with a call when it has ended, failed or been cancelled. */
function withEnd(stream: ReadableStream<Uint8Array>, end: () => void): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          end();
          controller.close();
        } catch (error) {
          end();
          throw error;
        }
      },
      async cancel(reason) {
        end();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
