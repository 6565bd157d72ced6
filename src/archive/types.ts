import type { DiffId } from "#core";
import type { IdMappings } from "#linux";

export type TarEntryType = "file" | "hardlink" | "symlink" | "char" | "block" | "directory" | "fifo";

/** A run of stored bytes of a sparse file; what lies between two runs is a hole. */
export interface SparseRegion {
  readonly offset: number;
  readonly length: number;
}

/** One entry of a tar, whatever dialect carried it (ustar, pax, GNU, old GNU sparse). */
export interface TarHeader {
  /**
   * As the archive names it, directories without the closing slash. Bytes that are no UTF-8 are kept as lone
   * surrogates U+DC80 to U+DCFF; `encodeName` of `#linux` turns them back.
   */
  readonly path: string;
  readonly type: TarEntryType;
  /** Logical size of a file's content, holes included; 0 for everything else. */
  readonly size: number;
  /** Permission bits with set-uid, set-gid and sticky: at most 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since the epoch; negative before 1970. */
  readonly mtimeNs: bigint;
  /** Target of a symlink (any text) or of a hard link (a path in the archive); else empty. */
  readonly linkPath: string;
  readonly uname: string;
  readonly gname: string;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** Only of sparse files: the stored runs, ascending and disjoint. */
  readonly sparse?: readonly SparseRegion[];
}

/** What a writer must be told; the rest has defaults (mode 0644 or 0755, ids 0, mtime 0). */
export type TarHeaderInit = Pick<TarHeader, "path"> & Partial<Omit<TarHeader, "path">>;

export interface TarEntry {
  readonly header: TarHeader;
  /** Logical content (holes read as zeros). Readable once, before the next entry is asked for; what is left unread is skipped. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body. @throws EngineError `exhausted` beyond `maxBytes` (default 16 MiB). */
  bytes(maxBytes?: number): Promise<Uint8Array>;
}

/** An entry to write. The body must have exactly `header.size` bytes; `size` may be left out for bytes and text. */
export interface TarInput {
  readonly header: TarHeaderInit;
  readonly body?: Uint8Array | string | ByteStream;
}

export type ByteStream = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** A whole file on the host, or a byte range of one. The reader opens the file itself. */
export interface FileSource {
  readonly path: string;
  /** First byte; default 0. */
  readonly offset?: number;
  /** Number of bytes; default up to the end of the file. */
  readonly length?: number;
}

export type Compression = "none" | "gzip" | "zstd" | "xz" | "bzip2";

/** Bounds on hostile archives; every one has a default that real images do not meet. */
export interface ArchiveLimits {
  /** Uncompressed bytes of the whole archive. Default 256 GiB. */
  readonly maxBytes?: number;
  /** Uncompressed over compressed bytes, looked at beyond the first GiB of output. Default 2000. */
  readonly maxRatio?: number;
  /** Default 5 000 000. */
  readonly maxEntries?: number;
  /** Bytes of one path or link target. Default 4095 (PATH_MAX). */
  readonly maxPathBytes?: number;
  /** Components of one path. Default 1024. */
  readonly maxDepth?: number;
  /** Bytes of one extended header: pax records, GNU long name, sparse map. Default 1 MiB. */
  readonly maxHeaderBytes?: number;
  /** Logical size of one sparse file. Default 16 TiB. */
  readonly maxSparseBytes?: number;
}

export interface UnpackOptions {
  readonly limits?: ArchiveLimits;
  /** Stops between two reads; the promise then rejects with `canceled`. */
  readonly signal?: AbortSignal;
}

export interface ExtractOptions extends UnpackOptions {
  /** Gives every entry this owner, instead of the one in the archive. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** The archive has the ids of a container, the tree those of outside. Main thread only. */
  readonly idMappings?: IdMappings;
  /** Directory beneath `root` that entries go to, symlinks resolved inside `root`; made when absent. Default: `root`. */
  readonly into?: string;
  /** With true, replacing a directory by something else (or the reverse) is refused with `conflict`. */
  readonly noOverwriteDirNonDir?: boolean;
  /** Names that are `from`, or lie below it, begin with `to` instead; `.` and `/` are what everything lies below. */
  readonly rename?: { readonly from: string; readonly to: string };
  /** With true, a source without a single byte is an archive without entries, and not `invalid`. */
  readonly allowEmpty?: boolean;
}

export interface UnpackResult {
  /** sha256 of the uncompressed stream, to the last byte (trailing padding included). */
  readonly diffId: DiffId;
  /** Uncompressed bytes. */
  readonly size: number;
  readonly entries: number;
  readonly compression: Compression;
}

export interface PackOptions {
  /** Start at this path beneath the directory instead of at its top; a symlink there is packed as such. */
  readonly from?: string;
  /** Name of the start entry in the archive; `.` (the default) leaves children at the top and omits the start entry itself. */
  readonly as?: string;
  /** With true and `as` `.`, the start directory is packed too, as `./`. */
  readonly withTop?: boolean;
  /** With true, a symlink at `from` is followed, inside the directory. */
  readonly followFrom?: boolean;
  /** What the names below the start begin with, when it is a directory. Default: `as` and a slash, nothing for `.`. */
  readonly prefix?: string;
  /**
   * `keep` packs the entry (and looks below a directory), `skip` leaves it out but still looks below,
   * `prune` leaves it out with all that is below. Paths are relative to the start. Default: keep all.
   */
  readonly filter?: (path: string, isDirectory: boolean) => "keep" | "skip" | "prune";
  /** The tree has ids of outside, the archive shall have those of the container. */
  readonly idMappings?: IdMappings;
  /** Of a layer: true leaves out the mark that this path was deleted. */
  readonly omitWhiteout?: (path: string) => boolean;
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Times after this one are set to it (SOURCE_DATE_EPOCH semantics). */
  readonly maxMtimeNs?: bigint;
  /** With true, times lose what is below a second, as everything does that Docker packs. */
  readonly wholeSeconds?: boolean;
  /** Default true. */
  readonly xattrs?: boolean;
  readonly signal?: AbortSignal;
}

/** Runs unpacks in worker threads that start when they are needed and end when they are idle. */
export interface UnpackPool extends AsyncDisposable {
  /** {@link applyLayer} in a worker. Rejects with the same EngineError codes. */
  applyLayer(source: FileSource, root: string, options?: UnpackOptions): Promise<UnpackResult>;
  /** {@link extractTar} in a worker. */
  extractTar(source: FileSource, root: string, options?: ExtractOptions): Promise<UnpackResult>;
}

export interface UnpackPoolOptions {
  /** Threads at most; further work waits. Default: cores, at most 4. */
  readonly maxWorkers?: number;
  /** A worker without work ends after this time. Default 3000. */
  readonly idleMs?: number;
}

export interface IgnoreMatcher {
  /** True when the last pattern that matches the path or one of its parents excludes it. `path` is relative, with `/`. */
  excludes(path: string): boolean;
  /** True when the directory is excluded and no `!` pattern could re-include something below it: a walker may leave it out whole. */
  prunes(directory: string): boolean;
}
