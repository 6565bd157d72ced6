import { createReadStream, createWriteStream, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { listSegments, oldestPin, type LogSegment } from "#runtime";

/** How much of a log is kept. */
export interface LogBounds {
  /** Of one segment; infinite: never rotated. */
  readonly maxBytes: number;
  /** Segments in all; at least 2 here, so that a rotation loses nothing that was just written. */
  readonly maxFiles: number;
  readonly compress: boolean;
}

/**
 * Gives the current file its number. Its writer goes on filling it until it is told to open the path anew; from then
 * on until it has, the path is missing, which is how the next engine knows if this one dies.
 */
export function detachCurrent(path: string): void {
  const last = listSegments(path)
    .filter((segment) => segment.path !== path)
    .at(-1);
  renameSync(path, `${path}.${(last?.number ?? 0) + 1}`);
}

/** Whether a rotation was begun and the writer has not opened the path anew. */
export function isDetached(path: string): boolean {
  const last = listSegments(path).at(-1);
  return last !== undefined && last.path !== path;
}

/** Readers that lag may keep this many times as much. */
const softFactor = 4;

/**
 * Removes the oldest segments beyond the bounds: by their number, and by their sum where segments grew beyond
 * `maxBytes` before anybody looked. The last finished one always stays, and so does what a reader has pinned.
 */
export function prune(path: string, { maxBytes, maxFiles }: LogBounds): void {
  const finished = listSegments(path).filter((segment) => segment.path !== path);
  const [firm, soft] = [oldestPin(path, "firm"), oldestPin(path, "soft")];
  const budget = maxBytes * (maxFiles - 1);
  let kept = 0;
  let bytes = 0;
  for (const { number, path: file } of finished.toReversed()) {
    bytes += statSync(file).size;
    kept++;
    const isBeyond = kept > 1 && (kept > maxFiles - 1 || bytes > budget);
    const isWanted = number >= firm || (number >= soft && bytes <= budget * softFactor);
    if (isBeyond && !isWanted) rmSync(file);
  }
}

/** Of a driver that keeps no log: what only attached clients needed goes, unless one still reads. */
export function dropSpool(path: string): void {
  if (oldestPin(path, "firm") < Infinity) return;
  for (const segment of listSegments(path)) rmSync(segment.path, { force: true });
}

/** Compresses the finished segments that are not yet, and that nobody is about to read; the name changes once the whole is written. */
export async function compressFinished(path: string): Promise<void> {
  for (const segment of listSegments(path)) {
    const isRead = segment.number >= Math.min(oldestPin(path, "firm"), oldestPin(path, "soft"));
    if (segment.path !== path && !segment.compressed && !isRead) await compress(segment);
  }
}

async function compress({ path }: LogSegment): Promise<void> {
  const { createZstdCompress } = await import("node:zlib");
  const staging = `${path}.zst.tmp`;
  const { atime, mtime } = statSync(path);
  await pipeline(createReadStream(path), createZstdCompress(), createWriteStream(staging, { mode: 0o600 }));
  utimesSync(staging, atime, mtime);
  renameSync(staging, `${path}.zst`);
  rmSync(path, { force: true });
}
