import { readdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createKeyedMutex, EngineError, parseDigest, systemClock, type Clock, type Digest, type Logger } from "#core";
import { syncDirectory, type Database, type Lease, type Leases } from "#store";
import { openIngest, removeFile } from "./ingest.ts";
import type { BlobInfo, ContentStore, Ingest } from "./contract.ts";
import { algorithms, ContentPaths } from "./paths.ts";
import { BlobRows } from "./rows.ts";
import { streamFile } from "./stream-file.ts";

export interface ContentStoreOptions {
  /** Directory of its own, absolute; made when absent. */
  readonly root: string;
  readonly database: Database;
  readonly leases: Leases;
  readonly logger: Logger;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** Start of the names of ingests that nobody can ask for again. */
const anonymous = "anonymous:";

/** Opens the store; call `reconcile` once before anything is written. */
export async function openContentStore(options: ContentStoreOptions): Promise<ContentStore> {
  const paths = new ContentPaths(options.root);
  await paths.create();
  return new FileContentStore(options, paths);
}

class FileContentStore implements ContentStore {
  readonly #rows: BlobRows;
  readonly #paths: ContentPaths;
  readonly #leases: Leases;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #open = new Set<string>();
  /** Rows without a file, as boot found them: as good as absent, until the same bytes come again. */
  readonly #missing = new Set<Digest>();
  /** A digest's file and row change together. */
  readonly #lock = createKeyedMutex();

  constructor(options: ContentStoreOptions, paths: ContentPaths) {
    this.#rows = new BlobRows(options.database);
    this.#paths = paths;
    this.#leases = options.leases;
    this.#logger = options.logger;
    this.#clock = options.clock ?? systemClock;
  }

  stat(digest: Digest): BlobInfo | undefined {
    const row = this.#missing.has(digest) ? undefined : this.#rows.get(digest);
    return row && { digest, sizeBytes: row.size };
  }

  path(digest: Digest): string {
    this.#require(digest);
    return this.#paths.blob(digest);
  }

  open(digest: Digest, range?: { readonly offset: number; readonly length?: number }): ReadableStream<Uint8Array> {
    const { sizeBytes } = this.#require(digest);
    const offset = Math.min(range?.offset ?? 0, sizeBytes);
    return streamFile(this.#paths.blob(digest), offset, Math.min(range?.length ?? Infinity, sizeBytes - offset));
  }

  async read(digest: Digest, limitBytes: number): Promise<Uint8Array> {
    const { sizeBytes } = this.#require(digest);
    if (sizeBytes > limitBytes) {
      throw new EngineError("invalid", `blob ${digest} has ${sizeBytes} bytes, more than the limit of ${limitBytes}`);
    }
    return await Bun.file(this.#paths.blob(digest)).bytes();
  }

  async begin(name: string = anonymous + crypto.randomUUID()): Promise<Ingest> {
    if (this.#open.has(name)) throw new EngineError("conflict", `the ingest ${JSON.stringify(name)} is open already`);
    this.#open.add(name);
    try {
      return await this.#openIngest(name);
    } catch (error) {
      this.#open.delete(name);
      throw error;
    }
  }

  async put(data: Uint8Array, lease: Lease): Promise<BlobInfo> {
    const digest = parseDigest(`sha256:${new Bun.CryptoHasher("sha256").update(data).digest("hex")}`);
    lease.add(digest);
    const known = this.stat(digest);
    if (known) return known;
    await using ingest = await this.begin();
    await ingest.write(data);
    return await ingest.commit({ lease, expected: { digest } });
  }

  *walk(): Iterable<BlobInfo> {
    for (const { digest, size } of this.#rows.all()) yield { digest, sizeBytes: size };
  }

  retain(digest: Digest): void {
    if (!this.#rows.addReference(digest, 1)) throw notFound(digest);
  }

  release(digest: Digest): void {
    if (!this.#rows.addReference(digest, -1)) throw notFound(digest);
  }

  async collect({ ingestAgeMs }: { readonly ingestAgeMs: number }): Promise<number> {
    let freed = 0;
    for (const { digest, size } of this.#rows.unreferenced()) {
      if (await this.#lock(digest, () => this.#collectOne(digest))) freed += size;
    }
    return freed + (await this.#collectIngests(this.#clock.nowMs() - ingestAgeMs));
  }

  async reconcile(): Promise<{ readonly removedFiles: number; readonly missing: readonly Digest[] }> {
    const unseen = new Set<string>(this.#rows.all().map((row) => row.digest));
    let removedFiles = 0;
    for (const algorithm of algorithms) {
      const directory = this.#paths.blobs(algorithm);
      removedFiles += await removeUnlisted(directory, (name) => unseen.delete(`${algorithm}:${name}`));
    }
    removedFiles += await this.#reconcileIngests();
    const missing = [...unseen].map(parseDigest);
    for (const digest of missing) {
      this.#missing.add(digest);
      this.#logger.log("error", "a blob is missing on disk", { digest });
    }
    return { removedFiles, missing };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #openIngest(name: string): Promise<Ingest> {
    const { id } = this.#rows.ingest(name, this.#clock.nowMs());
    const path = this.#paths.ingest(id);
    return await openIngest({
      path,
      publish: (digest, sizeBytes) => this.#lock(digest, () => this.#publish(id, digest, sizeBytes)),
      drop: async () => {
        // The file first: on a full disk its space is what the row's removal needs. Boot drops a row without a file.
        await removeFile(path);
        this.#rows.dropIngest(id);
      },
      resumable: !name.startsWith(anonymous),
      keep: () => this.#rows.touchIngest(id, this.#clock.nowMs()),
      released: () => void this.#open.delete(name),
    });
  }

  async #publish(ingest: number, digest: Digest, sizeBytes: number): Promise<void> {
    const path = this.#paths.ingest(ingest);
    if (this.stat(digest)) {
      this.#rows.dropIngest(ingest);
      await removeFile(path);
      return;
    }
    const target = this.#paths.blob(digest);
    await rename(path, target);
    try {
      await syncDirectory(dirname(target));
      if (this.#missing.has(digest)) this.#rows.dropIngest(ingest);
      else this.#rows.publish(digest, sizeBytes, ingest);
      this.#missing.delete(digest);
    } catch (error) {
      await removeFile(target);
      throw error;
    }
  }

  /** The row goes first: a file without one is swept at boot. */
  async #collectOne(digest: Digest): Promise<boolean> {
    if (this.#leases.isHeld(digest) || !this.#rows.drop(digest)) return false;
    await removeFile(this.#paths.blob(digest));
    return true;
  }

  async #collectIngests(touchedBeforeMs: number): Promise<number> {
    let freed = 0;
    for (const { id, name } of this.#rows.ingests(touchedBeforeMs)) {
      if (this.#open.has(name)) continue;
      const path = this.#paths.ingest(id);
      freed += Bun.file(path).size;
      this.#rows.dropIngest(id);
      await removeFile(path);
    }
    return freed;
  }

  async #reconcileIngests(): Promise<number> {
    for (const { id, name } of this.#rows.ingests()) if (name.startsWith(anonymous)) this.#rows.dropIngest(id);
    const unseen = new Set(this.#rows.ingests().map((row) => row.id));
    const removed = await removeUnlisted(this.#paths.ingests, (name) => unseen.delete(Number(name)));
    for (const id of unseen) this.#rows.dropIngest(id);
    return removed;
  }

  #require(digest: Digest): BlobInfo {
    const info = this.stat(digest);
    if (!info) throw notFound(digest);
    return info;
  }
}

function notFound(digest: Digest): EngineError {
  return new EngineError("not_found", `no such blob: ${digest}`);
}

/** Removes the files of one directory that are not listed; it never descends. */
async function removeUnlisted(directory: string, isListed: (name: string) => boolean): Promise<number> {
  let removed = 0;
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isFile() || isListed(entry.name)) continue;
    await removeFile(join(directory, entry.name));
    removed++;
  }
  return removed;
}
