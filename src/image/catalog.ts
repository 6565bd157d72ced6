import { EngineError, type ChainId, type Clock, type Digest, type ImageId } from "#core";
import type { BlobManager } from "#content";
import type { Database } from "#store";
import { repositoryOf, type Reference } from "#spec";
import { parseConfig } from "./config.ts";
import type { ImageRecord, LayerRecord } from "./contract.ts";
import { ImageNames, referenceOfRow, splitNames, versionOf, type ImageName } from "./names.ts";
import { ImageRows, type LayerRow } from "./rows.ts";

export interface NewImage {
  readonly id: ImageId;
  /** Exact bytes: the id is their digest. */
  readonly configBytes: Uint8Array;
  readonly config: ImageRecord["config"];
  readonly layers: readonly LayerRecord[];
  readonly parent?: ImageId;
}

/**
 * The images' rows with a parsed copy in memory. A change is one transaction; the copy follows once it is committed,
 * so reads cost a map look-up and never show what a crash could take back.
 */
export class ImageCatalog {
  readonly names = new ImageNames();
  readonly #database: Database;
  readonly #rows: ImageRows;
  readonly #blobs: BlobManager;
  readonly #clock: Clock;
  readonly #images = new Map<ImageId, ImageRecord>();
  readonly #children = new Map<ImageId, Set<ImageId>>();
  readonly #chainUsers = new Map<ChainId, number>();
  /** Layer records by the digest of their blob. */
  readonly #blobUsers = new Map<Digest, number>();

  constructor(options: { readonly database: Database; readonly content: BlobManager; readonly clock: Clock }) {
    this.#database = options.database;
    this.#rows = new ImageRows(options.database);
    this.#blobs = options.content;
    this.#clock = options.clock;
    this.#readRows();
  }

  get(id: ImageId): ImageRecord | undefined {
    return this.#images.get(id);
  }

  list(): ImageRecord[] {
    return [...this.#images.values()];
  }

  children(id: ImageId): ImageId[] {
    return [...(this.#children.get(id) ?? [])];
  }

  /** Images that hold this chain. */
  chainUsers(chainId: ChainId): number {
    return this.#chainUsers.get(chainId) ?? 0;
  }

  /** True when the blob is a layer of an image, so that its chain is unpacked. */
  hasLayerBlob(digest: Digest): boolean {
    return this.#blobUsers.has(digest);
  }

  configBytes(id: ImageId): Uint8Array {
    const bytes = this.#rows.config(id);
    if (!bytes) throw new EngineError("not_found", `No such image: ${id}`);
    return bytes;
  }

  /** Runs several changes as one; memory follows at the end. */
  transaction<T>(task: () => T): T {
    return this.#database.transaction(task);
  }

  /** Adds images and points names at them, all or nothing. */
  insert(
    images: readonly NewImage[],
    tags: readonly { readonly id: ImageId; readonly reference: Reference }[] = [],
  ): void {
    const fresh = images.filter(
      (image, at) => !this.#images.has(image.id) && images.findIndex((i) => i.id === image.id) === at,
    );
    const nowMs = this.#clock.nowMs();
    this.#database.transaction(() => {
      for (const image of fresh) this.#insertRows(image, nowMs);
      for (const { id, reference } of tags) this.#putNameRows(id, reference, nowMs);
    });
    for (const image of fresh) this.#remember(toRecord(image));
    for (const { id, reference } of tags) this.#rememberName(id, reference, nowMs);
  }

  setParent(id: ImageId, parent: ImageId): void {
    this.#rows.setParent(id, parent);
    const image = this.#images.get(id);
    if (!image) return;
    this.#images.set(id, { ...image, parent });
    this.#addChild(parent, id);
  }

  tag(id: ImageId, reference: Reference): void {
    this.insert([], [{ id, reference }]);
  }

  untag(names: readonly ImageName[]): void {
    this.#database.transaction(() => this.#deleteNameRows(names));
    for (const { reference } of names) this.names.delete(reference);
  }

  /** Removes the image with its names; its blobs lose a reference each. */
  delete(image: ImageRecord): void {
    const names = this.names.of(image.id);
    this.#database.transaction(() => {
      this.#deleteNameRows(names);
      this.#rows.deleteImage(image.id);
      this.#blobs.release(asDigest(image.id));
      for (const layer of image.layers) this.#blobs.release(layer.blob.digest);
    });
    for (const { reference } of names) this.names.delete(reference);
    this.#forget(image);
  }

  #readRows(): void {
    const layers = Map.groupBy(this.#rows.layers(), (row) => row.image_id);
    for (const row of this.#rows.images()) {
      const image: NewImage = {
        id: row.id,
        configBytes: row.config,
        config: parseConfig(row.config),
        layers: (layers.get(row.id) ?? []).map(toLayer),
        ...(row.parent === null ? {} : { parent: row.parent }),
      };
      this.#remember(toRecord(image, row.tagged_ms ?? undefined));
    }
    for (const row of this.#rows.names()) this.names.set(referenceOfRow(row.repository, row.version), row.image_id);
  }

  #insertRows(image: NewImage, nowMs: number): void {
    const { id, configBytes: config, layers, parent } = image;
    this.#rows.insertImage({ id, config, parent: parent ?? null, created_ms: nowMs, tagged_ms: null });
    this.#blobs.retain(asDigest(id));
    for (const [position, layer] of layers.entries()) {
      this.#rows.insertLayer(toLayerRow(id, position, layer));
      this.#blobs.retain(layer.blob.digest);
    }
  }

  #putNameRows(id: ImageId, reference: Reference, nowMs: number): void {
    for (const name of splitNames(reference)) {
      this.#rows.putName({ repository: repositoryOf(name), version: versionOf(name), image_id: id });
    }
    this.#rows.setTagged(id, nowMs);
  }

  #deleteNameRows(names: readonly ImageName[]): void {
    for (const { reference } of names) this.#rows.deleteName(repositoryOf(reference), versionOf(reference));
  }

  #rememberName(id: ImageId, reference: Reference, nowMs: number): void {
    for (const name of splitNames(reference)) this.names.set(name, id);
    const image = this.#images.get(id);
    if (image) this.#images.set(id, { ...image, taggedAtMs: nowMs });
  }

  #remember(image: ImageRecord): void {
    this.#images.set(image.id, image);
    if (image.parent !== undefined) this.#addChild(image.parent, image.id);
    for (const { chainId, blob } of image.layers) {
      count(this.#chainUsers, chainId, 1);
      count(this.#blobUsers, blob.digest, 1);
    }
  }

  #forget(image: ImageRecord): void {
    this.#images.delete(image.id);
    if (image.parent !== undefined) this.#children.get(image.parent)?.delete(image.id);
    for (const { chainId, blob } of image.layers) {
      count(this.#chainUsers, chainId, -1);
      count(this.#blobUsers, blob.digest, -1);
    }
  }

  #addChild(parent: ImageId, child: ImageId): void {
    const children = this.#children.get(parent);
    if (children) children.add(child);
    else this.#children.set(parent, new Set([child]));
  }
}

function asDigest(id: ImageId): Digest {
  return id as string as Digest;
}

function count<K>(counts: Map<K, number>, key: K, change: 1 | -1): void {
  const left = (counts.get(key) ?? 0) + change;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}

function toRecord(image: NewImage, taggedAtMs?: number): ImageRecord {
  return {
    id: image.id,
    config: image.config,
    layers: image.layers,
    sizeBytes: image.layers.reduce((sum, layer) => sum + layer.unpackedBytes, 0),
    ...(image.parent === undefined ? {} : { parent: image.parent }),
    ...(taggedAtMs === undefined ? {} : { taggedAtMs }),
  };
}

function toLayer(row: LayerRow): LayerRecord {
  return {
    diffId: row.diff_id,
    chainId: row.chain_id,
    blob: { mediaType: row.media_type, digest: row.blob, size: row.blob_size },
    unpackedBytes: row.unpacked_bytes,
  };
}

function toLayerRow(id: ImageId, position: number, layer: LayerRecord): LayerRow {
  return {
    image_id: id,
    position,
    diff_id: layer.diffId,
    chain_id: layer.chainId,
    media_type: layer.blob.mediaType,
    blob: layer.blob.digest,
    blob_size: layer.blob.size,
    unpacked_bytes: layer.unpackedBytes,
  };
}
