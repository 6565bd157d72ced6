/**
 * archive: tar in and out, compression, safe unpacking, ignore patterns.
 *
 * Vocabulary: a *layer* is a tar whose `.wh.name` entries delete `name` from the layers below and whose `.wh..wh..opq`
 * hides all that a directory has below (OCI image-spec, layer.md). *Unpacking* a layer makes the upper directory of an
 * overlay mount: whiteouts become character devices 0:0, opaque directories carry `trusted.overlay.opaque=y`.
 *
 * Everything that writes takes a root directory and never touches anything outside of it: each path of an archive is
 * resolved by the kernel beneath that root (openat2), parents that are symlinks are followed inside the root only.
 * Hostile archives end in an EngineError: `invalid` (cannot be meant) or `exhausted` (a limit, or the disk).
 * A failed unpack leaves the root half filled: its owner throws the directory away.
 *
 *   await using pool = createUnpackPool();
 *   const { diffId } = await pool.applyLayer({ path: blob }, snapshotter.layerDirectory(key));
 *   if (diffId !== expected) …discard the snapshot…
 *   await Bun.write(out, new Response(diffLayer(upper)));
 *   for await (const { header, body } of readTar(stream)) …
 */
import type {
  ArchiveLimits,
  ByteStream,
  Compression,
  ExtractOptions,
  FileSource,
  IgnoreMatcher,
  PackOptions,
  TarEntry,
  TarHeaderInit,
  TarInput,
  UnpackOptions,
  UnpackPool,
  UnpackPoolOptions,
  UnpackResult,
} from "./types.ts";
export type * from "./types.ts";

/** Entries of an uncompressed tar, in order. @throws EngineError `invalid`, `exhausted` */
export declare function readTar(stream: ByteStream, limits?: ArchiveLimits): AsyncGenerator<TarEntry, void, undefined>;
/** Header blocks of one entry (pax records first where ustar cannot hold it). `header.size` bytes, padded with {@link tarPadding}, must follow. */
export declare function encodeTarHeader(header: TarHeaderInit): Uint8Array;
/** Zero bytes that follow a body of this size. */
export declare function tarPadding(size: number): Uint8Array;
/** The two zero blocks that close a tar. */
export declare const tarEnd: Uint8Array;
/** A tar of these entries, in their order; lazy: reads the next entry when the consumer asks. */
export declare function packEntries(entries: Iterable<TarInput> | AsyncIterable<TarInput>): ReadableStream<Uint8Array>;
/** A tar of a directory: entries sorted, no user names, hard links kept, the same bytes for the same tree. */
export declare function packTree(directory: string, options?: PackOptions): ReadableStream<Uint8Array>;
/** The layer that an overlay upper directory is: packTree with whiteouts and opaque marks in OCI form. Reproducible. */
export declare function diffLayer(upperDirectory: string, options?: PackOptions): ReadableStream<Uint8Array>;
/** Finds the compression by magic bytes and undoes it. @throws EngineError `invalid` while reading damaged data, `exhausted` beyond limits */
export declare function decompress(
  stream: ByteStream,
  limits?: ArchiveLimits,
): Promise<{ readonly compression: Compression; readonly stream: ReadableStream<Uint8Array> }>;
/** By the first bytes of a file or stream (6 are enough). */
export declare function detectCompression(head: Uint8Array): Compression;
/** Deterministic: no name, no time in the gzip header. Default level 6. */
export declare function compressGzip(stream: ByteStream, level?: number): ReadableStream<Uint8Array>;
/** Default level 3. */
export declare function compressZstd(stream: ByteStream, level?: number): ReadableStream<Uint8Array>;
/** The bytes of a file range, 1 MiB at a time. */
export declare function openFileSource(source: FileSource): ReadableStream<Uint8Array>;
/** Unpacks one layer, of any compression, into an overlay upper directory. @throws EngineError `invalid`, `exhausted`, `canceled` */
export declare function applyLayer(
  source: FileSource | ByteStream,
  root: string,
  options?: UnpackOptions,
): Promise<UnpackResult>;
/** Unpacks a tar, of any compression, as `tar -x` does: `.wh.` names have no meaning. Same errors. */
export declare function extractTar(
  source: FileSource | ByteStream,
  root: string,
  options?: ExtractOptions,
): Promise<UnpackResult>;
export declare function createUnpackPool(options?: UnpackPoolOptions): UnpackPool;
/** Lines of a `.dockerignore` file. @throws EngineError `invalid` for a pattern that cannot be parsed */
export declare function createIgnoreMatcher(lines: readonly string[]): IgnoreMatcher;
/** Lines of a `.dockerignore` text: comments and blank lines gone, patterns cleaned. */
export declare function parseIgnoreFile(text: string): string[];
/** Go's `filepath.Match`: `*` and `?` stop at `/`, `[a-z]`, `[^a]`, backslash escapes. @throws EngineError `invalid` for a bad pattern */
export declare function matchGlob(pattern: string, name: string): boolean;
