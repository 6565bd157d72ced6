import {
  AsyncQueue,
  EngineError,
  parseDigest,
  type ChainId,
  type Clock,
  type Digest,
  type ImageId,
  type Logger,
} from "#core";
import type { UnpackPool } from "#archive";
import type { ContentStore } from "#content";
import type { Snapshotter } from "#snapshot";
import {
  familiarReference,
  type ImageDeleteItem,
  type ImageHistoryItem,
  type ProgressMessage,
  type Reference,
} from "#spec";
import type { Database, Lease, Leases } from "#store";
import { ImageCatalog } from "./catalog.ts";
import { collectSnapshots, removeLeftUnpacks } from "./collect.ts";
import { commitLayer } from "./commit-layer.ts";
import { encodeConfig, imageIdOf } from "./config.ts";
import { imageHistory } from "./history.ts";
import { importRootfs } from "./import.ts";
import { layerRecords } from "./layers.ts";
import { loadArchive } from "./load/load.ts";
import type { ImageEvents, ImageRecord, ImageStore, NewLayer } from "./contract.ts";
import { isDigestName, splitNames } from "./names.ts";
import { ImageRemoval, type RemoveOptions } from "./remove.ts";
import { resolveImage } from "./resolve.ts";
import { saveArchive } from "./save.ts";
import { LayerUnpacker } from "./unpack.ts";
import { validateImage } from "./validate.ts";

/** Ingests that nobody touched for a day will not be resumed. */
const ingestAgeMs = 24 * 3600 * 1000;

export interface ImageStoreOptions {
  readonly database: Database;
  readonly content: ContentStore;
  readonly snapshots: Snapshotter;
  readonly leases: Leases;
  readonly unpackPool: UnpackPool;
  readonly events: ImageEvents;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Opens the store; call `reconcile` once, after those of content and snapshots. It closes nothing that it was given. */
export async function openImageStore(options: ImageStoreOptions): Promise<ImageStore> {
  return new LocalImageStore(options);
}

class LocalImageStore implements ImageStore {
  readonly #options: ImageStoreOptions;
  readonly #catalog: ImageCatalog;
  readonly #unpacker: LayerUnpacker;

  constructor(options: ImageStoreOptions) {
    this.#options = options;
    this.#catalog = new ImageCatalog(options);
    this.#unpacker = new LayerUnpacker(options);
  }

  get(id: ImageId): ImageRecord | undefined {
    return this.#catalog.get(id);
  }

  resolve(name: string): ImageRecord {
    return resolveImage(this.#catalog, name);
  }

  list(): ImageRecord[] {
    return this.#catalog.list();
  }

  children(id: ImageId): ImageId[] {
    return this.#catalog.children(id);
  }

  tags(id: ImageId): string[] {
    return this.#catalog.names
      .of(id)
      .filter((name) => !isDigestName(name))
      .map((name) => familiarReference(name.reference));
  }

  repoDigests(id: ImageId): string[] {
    return this.#catalog.names
      .of(id)
      .filter(isDigestName)
      .map((name) => familiarReference(name.reference));
  }

  tag(id: ImageId, reference: Reference): ImageId | undefined {
    if (!this.#catalog.get(id)) throw new EngineError("not_found", `No such image: ${id}`);
    const old = splitNames(reference)
      .map((name) => this.#catalog.names.get(name)?.imageId)
      .at(-1);
    this.#catalog.tag(id, reference);
    this.#options.events.emit("tag", id, familiarReference(reference));
    return old === id ? undefined : old;
  }

  history(image: ImageRecord): ImageHistoryItem[] {
    return imageHistory(this.#catalog, image);
  }

  async create(input: Parameters<ImageStore["create"]>[0]): Promise<ImageRecord> {
    const image = await this.#create(input);
    this.#options.events.emit("create", image.id, image.id);
    return image;
  }

  /** An import is told as an import alone. */
  async #create(input: Parameters<ImageStore["create"]>[0]): Promise<ImageRecord> {
    const { content, snapshots } = this.#options;
    const configBytes = input.configBytes ?? encodeConfig(input.config);
    const id = imageIdOf(configBytes);
    const known = this.#catalog.get(id);
    if (known) return this.#adopt(known, input.parent);
    await content.put(configBytes, input.lease);
    const layers = layerRecords(input.layers, content, snapshots);
    const parent = input.parent === undefined ? {} : { parent: input.parent };
    this.#catalog.insert([{ id, configBytes, config: input.config, layers, ...parent }]);
    return this.#require(id);
  }

  async remove(name: string, options: RemoveOptions): Promise<ImageDeleteItem[]> {
    const removal = new ImageRemoval(
      { catalog: this.#catalog, events: this.#options.events, removeChains: (image) => this.#removeChains(image) },
      options,
    );
    try {
      return await removal.run(name);
    } finally {
      await this.#options.content.collect({ ingestAgeMs });
    }
  }

  load(
    archive: ReadableStream<Uint8Array>,
    options: { readonly quiet: boolean; readonly platform?: string },
  ): AsyncIterable<ProgressMessage> {
    const deps = { ...this.#options, catalog: this.#catalog, unpacker: this.#unpacker };
    return this.#stream(async (report, lease, signal) => {
      const reportLoaded = (message: ProgressMessage): void => {
        if (!options.quiet || message.stream !== undefined) report(message);
      };
      await loadArchive(deps, archive, { platform: options.platform, lease, signal, report: reportLoaded });
    });
  }

  async save(names: readonly string[]): Promise<ReadableStream<Uint8Array>> {
    return saveArchive({ ...this.#options, catalog: this.#catalog }, names);
  }

  import(
    source: ReadableStream<Uint8Array>,
    options: Parameters<ImageStore["import"]>[1],
  ): AsyncIterable<ProgressMessage> {
    const deps = { ...this.#options, unpacker: this.#unpacker, create: this.#create.bind(this) };
    return this.#stream(async (report, lease, signal) => {
      const { id } = await importRootfs(deps, source, { ...options, platform: options.platform, lease, signal });
      if (options.reference) this.tag(id, options.reference);
      this.#options.events.emit("import", id, id);
      report({ status: id });
    });
  }

  async commitLayer(
    input: Parameters<ImageStore["commitLayer"]>[0],
  ): Promise<(NewLayer & { readonly chainId: ChainId }) | undefined> {
    return await commitLayer(this.#options.content, input);
  }

  async collectSnapshots(): Promise<number> {
    return await collectSnapshots({ ...this.#options, catalog: this.#catalog, unpacker: this.#unpacker });
  }

  async reconcile(): Promise<{ readonly broken: readonly ImageId[] }> {
    await removeLeftUnpacks(this.#options.snapshots);
    await this.#collect();
    const parts = { ...this.#options, configBytes: (image: ImageRecord) => this.#catalog.configBytes(image.id) };
    const broken = this.#catalog.list().flatMap((image) => {
      const problems = validateImage(image, parts);
      for (const problem of problems)
        this.#options.logger.log("error", "an image is damaged", { image: image.id, problem });
      return problems.length > 0 ? [image.id] : [];
    });
    return { broken };
  }

  sharedBytes(id: ImageId): number {
    const layers = this.#catalog.get(id)?.layers ?? [];
    return layers.reduce(
      (sum, layer) => sum + (this.#catalog.chainUsers(layer.chainId) > 1 ? layer.unpackedBytes : 0),
      0,
    );
  }

  digestOf(id: ImageId): Digest {
    return parseDigest(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #require(id: ImageId): ImageRecord {
    const image = this.#catalog.get(id);
    if (!image) throw new EngineError("internal", `image ${id} vanished inside one step`);
    return image;
  }

  #adopt(known: ImageRecord, parent: ImageId | undefined): ImageRecord {
    if (parent === undefined || known.parent !== undefined || parent === known.id) return known;
    this.#catalog.setParent(known.id, parent);
    return this.#require(known.id);
  }

  async #removeChains(image: ImageRecord): Promise<string[]> {
    const removed: string[] = [];
    for (const { chainId } of image.layers.toReversed()) {
      if (!(await this.#unpacker.removeChain(chainId, () => this.#catalog.chainUsers(chainId) > 0))) break;
      removed.push(chainId);
    }
    return removed;
  }

  async #collect(): Promise<void> {
    await this.collectSnapshots();
    await this.#options.content.collect({ ingestAgeMs });
  }

  /** Runs the work while its messages are read; a reader that leaves early cancels it. */
  async *#stream(
    work: (report: (message: ProgressMessage) => void, lease: Lease, signal: AbortSignal) => Promise<void>,
  ): AsyncGenerator<ProgressMessage, void, undefined> {
    using lease = this.#options.leases.acquire();
    using queue = new AsyncQueue<ProgressMessage>();
    const abort = new AbortController();
    const running = work((message) => queue.push(message), lease, abort.signal).then(
      () => queue.end(),
      (error: unknown) => queue.fail(error),
    );
    let finished = false;
    try {
      yield* queue;
      finished = true;
    } finally {
      abort.abort();
      await running;
      lease[Symbol.dispose]();
      if (!finished) await this.#collect();
    }
  }
}
