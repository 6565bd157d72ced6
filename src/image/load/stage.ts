import { createLimiter, EngineError, parseDigest, shortId, type Digest } from "#core";
import type { TarEntry } from "#archive";
import type { BlobInfo, ContentStore } from "#content";
import type { ProgressMessage } from "#spec";
import type { Lease } from "#store";
import { maxDocumentBytes } from "../config.ts";
import { looksLikeLayer } from "../layers.ts";
import type { LayerUnpacker, UnpackJob } from "../unpack.ts";
import { cleanPath, linkTarget } from "./paths.ts";

/** A file up to this size stays in memory; so most archives cost one write per layer and none besides. */
const smallBytes = 64 << 10;
/** All that stays in memory, together. */
const maxMemoryBytes = 64 << 20;
const progressEveryBytes = 8 << 20;
const maxLinks = 16;

export interface StagedFile {
  /** The first bytes, 512 where there are as many. */
  readonly head: Uint8Array;
  /** Of a small file. */
  readonly bytes?: Uint8Array;
  /** Of any other; rejects when the archive lied about it. */
  readonly blob?: Promise<BlobInfo>;
}

export interface StageDependencies {
  readonly content: ContentStore;
  readonly unpacker: LayerUnpacker;
  /** A layer of an image we have: unpacked long ago. */
  isKnownLayer(digest: Digest): boolean;
}

/**
 * What an archive brought, entry by entry: small files in memory, all others straight into the content store, hashed while
 * they are written. A blob that looks like a layer starts to unpack at once, before any manifest has said that it is one.
 */
export class ArchiveStage implements AsyncDisposable {
  readonly #deps: StageDependencies;
  readonly #lease: Lease;
  readonly #report: (message: ProgressMessage) => void;
  readonly #signal: AbortSignal;
  readonly #files = new Map<string, StagedFile>();
  readonly #links = new Map<string, string>();
  readonly #jobs = new Map<Digest, Promise<UnpackJob>>();
  readonly #pending: Promise<unknown>[] = [];
  readonly #limitCommits = createLimiter(4);
  #memoryBytes = 0;

  constructor(
    deps: StageDependencies,
    lease: Lease,
    options: { report(message: ProgressMessage): void; signal: AbortSignal },
  ) {
    this.#deps = deps;
    this.#lease = lease;
    this.#report = options.report;
    this.#signal = options.signal;
  }

  async add(entry: TarEntry): Promise<void> {
    const { type, linkPath } = entry.header;
    const path = cleanPath(entry.header.path);
    if (type === "symlink") this.#links.set(path, linkTarget(path, linkPath));
    if (type === "hardlink") this.#links.set(path, cleanPath(linkPath));
    if (type === "file") this.#files.set(path, await this.#store(path, entry));
  }

  /** @throws EngineError `invalid` for a path that leaves the archive */
  find(path: string): StagedFile | undefined {
    let at = cleanPath(path);
    for (let hops = 0; hops < maxLinks && !this.#files.has(at); hops++) at = this.#follow(at);
    return this.#files.get(at);
  }

  /** The bytes of a config or manifest. @throws EngineError `invalid` when there are none, or too many */
  async document(path: string): Promise<Uint8Array> {
    const file = this.#require(path);
    if (file.bytes) return file.bytes;
    return await this.#deps.content.read((await this.blob(path)).digest, maxDocumentBytes);
  }

  /** The file as a blob of the content store. */
  async blob(path: string): Promise<BlobInfo> {
    const file = this.#require(path);
    return file.blob ? await file.blob : await this.#deps.content.put(file.bytes ?? new Uint8Array(), this.#lease);
  }

  head(path: string): Uint8Array {
    return this.#require(path).head;
  }

  /** The unpack of a layer; ends with the stage. */
  unpack(digest: Digest): Promise<UnpackJob> {
    let job = this.#jobs.get(digest);
    if (!job) {
      job = this.#deps.unpacker.acquire(digest);
      this.#jobs.set(digest, job);
    }
    return job;
  }

  /** Every blob is in the content store. */
  async settle(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#pending);
    for (const job of await Promise.allSettled(this.#jobs.values())) {
      if (job.status === "fulfilled") await this.#deps.unpacker.release(job.value);
    }
  }

  async #store(path: string, entry: TarEntry): Promise<StagedFile> {
    const { size } = entry.header;
    const expected = expectedDigest(path);
    if (expected !== undefined && size > smallBytes && this.#isThere(expected, size)) {
      return { head: await this.#headOf(expected), blob: Promise.resolve({ digest: expected, sizeBytes: size }) };
    }
    const inMemory = size <= smallBytes || /\.json$|(^|\/)json$|^repositories$|^oci-layout$/.test(path);
    if (inMemory && this.#memoryBytes + size <= maxMemoryBytes) return await this.#keep(path, entry, expected);
    return await this.#ingest(path, entry, expected);
  }

  /** The archive's bytes are not looked at: ours have been verified when they came. */
  #isThere(digest: Digest, size: number): boolean {
    this.#lease.add(digest);
    return this.#deps.content.stat(digest)?.sizeBytes === size;
  }

  async #headOf(digest: Digest): Promise<Uint8Array> {
    return await new Response(this.#deps.content.open(digest, { offset: 0, length: 512 })).bytes();
  }

  async #keep(path: string, entry: TarEntry, expected: Digest | undefined): Promise<StagedFile> {
    const bytes = await entry.bytes(maxDocumentBytes);
    this.#memoryBytes += bytes.length;
    if (expected !== undefined) verify(path, bytes, expected);
    return { head: bytes.subarray(0, 512), bytes };
  }

  async #ingest(path: string, entry: TarEntry, expected: Digest | undefined): Promise<StagedFile> {
    const ingest = await this.#deps.content.begin();
    const head = new Uint8Array(Math.min(512, entry.header.size));
    try {
      await this.#write(path, entry, head, (chunk) => ingest.write(chunk));
    } catch (error) {
      await ingest.abort();
      throw error;
    }
    const options = { lease: this.#lease, ...(expected === undefined ? {} : { expected: { digest: expected } }) };
    const blob = this.#limitCommits(() => ingest.commit(options));
    this.#pending.push(blob.then((info) => this.#speculate(info, head)));
    this.#pending.at(-1)?.catch(() => undefined); // settle() reports it
    return { head, blob };
  }

  async #write(
    path: string,
    entry: TarEntry,
    head: Uint8Array,
    write: (chunk: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const id = progressId(path);
    const total = entry.header.size;
    let current = 0;
    let reported = 0;
    for await (const chunk of entry.body) {
      if (this.#signal.aborted) throw new EngineError("canceled", "load was canceled");
      if (current < head.length) head.set(chunk.subarray(0, head.length - current), current);
      await write(chunk);
      current += chunk.length;
      if (current - reported < progressEveryBytes && current < total) continue;
      reported = current;
      if (looksLikeLayer(head)) this.#report({ status: "Loading layer", progressDetail: { current, total }, id });
    }
  }

  #speculate({ digest }: BlobInfo, head: Uint8Array): void {
    if (looksLikeLayer(head) && !this.#deps.isKnownLayer(digest)) void this.unpack(digest);
  }

  #require(path: string): StagedFile {
    const file = this.find(path);
    if (!file)
      throw new EngineError("invalid", `invalid archive: does not contain ${JSON.stringify(path.slice(0, 200))}`);
    return file;
  }

  /** One link, of the path itself or of a directory above it. */
  #follow(path: string): string {
    const parts = path.split("/");
    for (let count = parts.length; count > 0; count--) {
      const target = this.#links.get(parts.slice(0, count).join("/"));
      if (target !== undefined) return cleanPath([target, ...parts.slice(count)].join("/"));
    }
    return path;
  }
}

/** The digest that the path of an OCI layout promises. @throws EngineError `invalid` */
function expectedDigest(path: string): Digest | undefined {
  const [, algorithm, hex] = /^blobs\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  return algorithm === undefined ? undefined : parseDigest(`${algorithm}:${hex}`);
}

function verify(path: string, bytes: Uint8Array, expected: Digest): void {
  const algorithm = expected.startsWith("sha512:") ? "sha512" : "sha256";
  const actual = `${algorithm}:${new Bun.CryptoHasher(algorithm).update(bytes).digest("hex")}`;
  if (actual !== expected) {
    throw new EngineError("corrupt", `invalid archive: digest of ${path} does not match: got ${actual}`);
  }
}

/** What the layer is called in the progress: its digest's or directory's first characters. */
function progressId(path: string): string {
  return shortId(
    path
      .replace(/\/layer\.tar$/, "")
      .split("/")
      .at(-1) ?? path,
  );
}
