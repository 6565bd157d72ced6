import { open, rm, type FileHandle } from "node:fs/promises";
import { EngineError, parseDigest, type Digest } from "#core";
import { BlockWriter } from "./block-writer.ts";
import { isMissingFile, translateFileError } from "./file-errors.ts";
import type { BlobInfo, Ingest } from "./contract.ts";

/** What an ingest asks of its store. */
export interface IngestHost {
  readonly path: string;
  /** Moves the synced file under its digest, or drops it when the blob is there. */
  publish(digest: Digest, sizeBytes: number): Promise<void>;
  /** Forgets row and file. */
  drop(): Promise<void>;
  /** False: nobody can ask for it again. */
  readonly resumable: boolean;
  /** Notes that what was written is kept for later. */
  keep(): void;
  /** The name is free again. */
  released(): void;
}

type CommitOptions = Parameters<Ingest["commit"]>[0];

/** Opens the file, takes the bytes that are there into the hash, and goes on behind them. */
export async function openIngest(host: IngestHost): Promise<Ingest> {
  const hasher = new Bun.CryptoHasher("sha256");
  const offset = await hashFile(host.path, hasher);
  try {
    return new FileIngest(host, await open(host.path, offset === 0 ? "w" : "r+", 0o600), hasher, offset);
  } catch (error) {
    throw translateFileError(error);
  }
}

class FileIngest implements Ingest {
  readonly offset: number;
  readonly #host: IngestHost;
  readonly #file: FileHandle;
  readonly #hasher: Bun.CryptoHasher;
  readonly #writer: BlockWriter;
  #sizeBytes: number;
  #closed = false;

  constructor(host: IngestHost, file: FileHandle, hasher: Bun.CryptoHasher, offset: number) {
    this.#host = host;
    this.#file = file;
    this.#hasher = hasher;
    this.#writer = new BlockWriter(file, offset);
    this.#sizeBytes = offset;
    this.offset = offset;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#assertOpen();
    this.#hasher.update(chunk);
    this.#sizeBytes += chunk.length;
    await this.#guard(() => this.#writer.write(chunk));
  }

  async commit({ lease, expected }: CommitOptions): Promise<BlobInfo> {
    this.#assertOpen();
    const digest = await this.#verify(expected);
    await this.#guard(() => this.#writer.sync());
    lease.add(digest);
    await this.#close();
    try {
      await this.#host.publish(digest, this.#sizeBytes);
    } catch (error) {
      await this.#host.drop();
      throw translateFileError(error);
    } finally {
      this.#host.released();
    }
    return { digest, sizeBytes: this.#sizeBytes };
  }

  async abort(): Promise<void> {
    if (this.#closed) return;
    await this.#close();
    try {
      await this.#host.drop();
    } finally {
      this.#host.released();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    if (!this.#host.resumable) return await this.abort();
    await this.#guard(() => this.#writer.drain());
    await this.#close();
    this.#host.keep();
    this.#host.released();
  }

  async #verify(expected: CommitOptions["expected"]): Promise<Digest> {
    const size = expected?.sizeBytes;
    if (size !== undefined && size !== this.#sizeBytes) {
      await this.abort();
      throw new EngineError(
        "corrupt",
        `size of blob ${expected?.digest} does not match: expected ${size} bytes, got ${this.#sizeBytes}`,
      );
    }
    const digest = await this.#digest(expected?.digest.startsWith("sha512:") === true);
    if (expected !== undefined && expected.digest !== digest) {
      await this.abort();
      throw new EngineError("corrupt", `digest of blob does not match: expected ${expected.digest}, got ${digest}`);
    }
    return digest;
  }

  async #digest(sha512: boolean): Promise<Digest> {
    if (!sha512) return parseDigest(`sha256:${this.#hasher.digest("hex")}`);
    const hasher = new Bun.CryptoHasher("sha512");
    await this.#guard(() => this.#writer.drain());
    await hashFile(this.#host.path, hasher);
    return parseDigest(`sha512:${hasher.digest("hex")}`);
  }

  /** A write that failed drops the ingest: what is on disk is not what was hashed. */
  async #guard(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      await this.abort();
      throw translateFileError(error);
    }
  }

  async #close(): Promise<void> {
    this.#closed = true;
    await this.#writer.settle();
    await this.#file.close();
  }

  #assertOpen(): void {
    if (this.#closed) throw new EngineError("internal", `the ingest ${this.#host.path} is closed`);
  }
}

/** Size of the file, 0 when there is none. */
async function hashFile(path: string, hasher: Bun.CryptoHasher): Promise<number> {
  try {
    await using file = await open(path, "r");
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (let size = 0; ;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, size);
      if (bytesRead === 0) return size;
      hasher.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
  } catch (error) {
    if (isMissingFile(error)) return 0;
    throw error;
  }
}

/** Removes one file that may be gone already. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}
