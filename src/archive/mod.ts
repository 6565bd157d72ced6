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
export type * from "./types.ts";
export { compressGzip, compressZstd, decompress, detectCompression, type Decompressed } from "./compression.ts";
export { matchGlob } from "./glob.ts";
export { createIgnoreMatcher, parseIgnoreFile } from "./ignore.ts";
export { diffLayer, packTree } from "./pack-tree.ts";
export { openFileSource } from "./stream.ts";
export { readTar } from "./tar-read.ts";
export { encodeTarHeader, packEntries, tarEnd, tarPadding } from "./tar-write.ts";
export { listTreeChanges, type TreeChange } from "./tree-changes.ts";
export { assertsDirectory, resolvePath, shownPath, statPath, type PathFacts } from "./tree-stat-path.ts";
export { applyLayer, extractTar } from "./unpack.ts";
export { createUnpackPool } from "./unpack-pool.ts";
