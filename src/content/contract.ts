import type { Digest } from "#core";
import type { Lease } from "#store";

/** A committed blob. */
export interface BlobInfo {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

export interface BlobReader {
  stat(digest: Digest): BlobInfo | undefined;
  /** Absolute path of a committed blob, for readers that read by themselves. @throws EngineError `not_found` */
  path(digest: Digest): string;
  /** @throws EngineError `not_found` */
  open(digest: Digest, range?: { readonly offset: number; readonly length?: number }): ReadableStream<Uint8Array>;
  /** Whole blob, at most `limitBytes`. @throws EngineError `not_found`, `invalid` above the limit */
  read(digest: Digest, limitBytes: number): Promise<Uint8Array>;
}

/** Disposing without `commit` keeps what was written, so that the same name resumes it; `abort` drops it. */
export interface Ingest extends AsyncDisposable {
  /** Bytes that are there already, from before. */
  readonly offset: number;
  /** The chunk is the caller's again when the promise settles. @throws EngineError `exhausted` on a full disk; the ingest is dropped */
  write(chunk: Uint8Array): Promise<void>;
  /** @throws EngineError `corrupt` when size or digest differ; the ingest is dropped */
  commit(options: {
    readonly lease: Lease;
    readonly expected?: { readonly digest: Digest; readonly sizeBytes?: number };
  }): Promise<BlobInfo>;
  abort(): Promise<void>;
}

export interface BlobIngester {
  /**
   * A name lets a later `begin` go on where this one stopped, also in another process. Without one, disposing drops what
   * was written, and so does the next boot. @throws EngineError `conflict` while another ingest of that name is open
   */
  begin(name?: string): Promise<Ingest>;
  /** Stores a small blob in one go. A blob that is there already is kept. */
  put(data: Uint8Array, lease: Lease): Promise<BlobInfo>;
}

export interface BlobManager {
  walk(): Iterable<BlobInfo>;
  /** Counts a reference from a row of another domain; call inside the same transaction as that row. */
  retain(digest: Digest): void;
  release(digest: Digest): void;
  /** Removes blobs without reference and lease, and ingests untouched for `ingestAgeMs`. Bytes freed. */
  collect(options: { readonly ingestAgeMs: number }): Promise<number>;
  /** Boot: drops files without a row; reports rows without a file, which count as absent until the bytes come again. */
  reconcile(): Promise<{ readonly removedFiles: number; readonly missing: readonly Digest[] }>;
}

export interface ContentStore extends BlobReader, BlobIngester, BlobManager, AsyncDisposable {}
