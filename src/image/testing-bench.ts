/** An image store on a real disk, with what it stands on. For tests. */
import { expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { silentLogger, systemClock, type Clock, type ImageId, type Logger } from "#core";
import { decompress, packEntries, readTar, type TarInput, type UnpackPool } from "#archive";
import { openContentStore, type ContentStore } from "#content";
import type { Snapshotter } from "#snapshot";
import type { ProgressMessage } from "#spec";
import { createLeases, openDatabase, type Database, type Leases } from "#store";
import type { ImageStore } from "./contract.ts";
import { openImageStore } from "./open.ts";
import { validateImage, verifyBlobs } from "./validate.ts";

/** What the bench is given: a driver, since only tests may name one, and the workers, since they are shared. */
export interface BenchHost {
  readonly pool: UnpackPool;
  /** Absolute path of a directory that is there. */
  makeRoot(): string;
  removeRoot(root: string): void;
  openSnapshots(options: {
    readonly root: string;
    readonly database: Database;
    readonly logger: Logger;
    readonly clock: Clock;
  }): Snapshotter | Promise<Snapshotter>;
}

/** Everything an image store stands on, in a directory of its own. */
export class Bench implements AsyncDisposable {
  readonly root: string;
  readonly database: Database;
  leases: Leases = createLeases();
  events: string[] = [];
  content!: ContentStore;
  snapshots!: Snapshotter;
  images!: ImageStore;

  readonly #host: BenchHost;

  private constructor(host: BenchHost, root: string) {
    this.#host = host;
    this.root = root;
    this.database = openDatabase(join(root, "db"));
  }

  /** @param root of an earlier bench, to go on there; default: a new directory */
  static async open(host: BenchHost, root: string = host.makeRoot()): Promise<Bench> {
    const bench = new Bench(host, root);
    await bench.start();
    return bench;
  }

  /** What boot does, also after a crash: leases and memory are gone. */
  async start(broken: readonly ImageId[] = []): Promise<void> {
    const { database, root } = this;
    const leases = (this.leases = createLeases());
    const logger = silentLogger;
    this.content = await openContentStore({ root: join(root, "content"), database, leases, logger });
    this.snapshots = await this.#host.openSnapshots({
      root: join(root, "snapshots"),
      database,
      logger,
      clock: systemClock,
    });
    await this.content.reconcile();
    await this.snapshots.reconcile();
    const events = { emit: (action: string, id: ImageId) => void this.events.push(`${action} ${id}`) };
    const { content, snapshots } = this;
    this.images = await openImageStore({
      database,
      content,
      snapshots,
      leases,
      unpackPool: this.#host.pool,
      events,
      logger,
      clock: systemClock,
    });
    expect(await this.images.reconcile()).toEqual({ broken });
  }

  async load(entries: readonly TarInput[] | ReadableStream<Uint8Array>, quiet = true): Promise<ProgressMessage[]> {
    const stream = entries instanceof ReadableStream ? entries : packEntries(entries);
    return await Array.fromAsync(this.images.load(stream, { quiet }));
  }

  /** Nothing but what images need is there. */
  expectClean(): void {
    const images = this.images.list();
    const chains = new Set(images.flatMap((image) => image.layers.map((layer) => layer.chainId as string)));
    expect([...this.snapshots.walk()].map((item) => item.name as string).toSorted()).toEqual([...chains].toSorted());
    const blobs = new Set(
      images.flatMap((image) => [image.id as string, ...image.layers.map((layer) => layer.blob.digest as string)]),
    );
    expect([...this.content.walk()].map((blob) => blob.digest as string).toSorted()).toEqual([...blobs].toSorted());
    expect(readdirSync(join(this.root, "content/ingest"))).toEqual([]);
  }

  /** The image's files, as a container would see them. */
  async files(id: ImageId): Promise<Record<string, string>> {
    const all: Record<string, string> = {};
    for (const layer of this.images.get(id)?.layers ?? []) {
      const { stream } = await decompress(this.content.open(layer.blob.digest));
      for await (const item of readTar(stream)) all[item.header.path] = new TextDecoder().decode(await item.bytes());
    }
    return all;
  }

  async expectValid(): Promise<void> {
    for (const image of this.images.list()) {
      const { content, snapshots } = this;
      const parts = {
        content,
        snapshots,
        configBytes: () => readFileSync(this.content.path(this.images.digestOf(image.id))),
      };
      expect(validateImage(image, parts)).toEqual([]);
      expect(await verifyBlobs(image, this.content)).toEqual([]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.images[Symbol.asyncDispose]();
    await this.snapshots[Symbol.asyncDispose]();
    await this.content[Symbol.asyncDispose]();
    this.database[Symbol.dispose]();
    this.#host.removeRoot(this.root);
  }
}
