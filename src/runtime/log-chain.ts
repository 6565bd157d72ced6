import {
  createReadStream,
  createWriteStream,
  openSync,
  readdirSync,
  statSync,
  closeSync,
  fstatSync,
  unlinkSync,
  type Stats,
} from "node:fs";
import { basename, dirname } from "node:path";
import { pipeline } from "node:stream/promises";

/**
 * A place in a log that was rotated any number of times: its segments are numbered without end, from 1, and the one that
 * is written now has the highest number. `offset` counts bytes of the segment as it was before any compression.
 */
export interface LogPosition {
  readonly segment: number;
  readonly offset: number;
}

export interface LogSegment {
  readonly number: number;
  readonly path: string;
  readonly compressed: boolean;
}

/**
 * The files of a log, oldest first. `<path>.<n>` is the n-th segment and `<path>.<n>.zst` the same compressed; `path` is
 * the one after them. While a rotation is under way `path` is missing, and its writer still fills the last numbered one.
 */
export function listSegments(path: string): LogSegment[] {
  const found = new Map<number, LogSegment>();
  const prefix = `${basename(path)}.`;
  let hasCurrent = false;
  for (const name of namesIn(dirname(path))) {
    if (name.length + 1 === prefix.length && prefix.startsWith(name)) hasCurrent = true;
    const match = name.startsWith(prefix) ? /^(\d+)(\.zst)?$/.exec(name.slice(prefix.length)) : null;
    if (match === null) continue;
    const [number, compressed] = [Number(match[1]), match[2] !== undefined];
    // An engine that was killed while it compressed leaves both; the plain one is whole.
    if (!found.has(number) || !compressed) found.set(number, { number, path: `${dirname(path)}/${name}`, compressed });
  }
  const segments = [...found.values()].toSorted((a, b) => a.number - b.number);
  if (hasCurrent) segments.push({ number: (segments.at(-1)?.number ?? 0) + 1, path, compressed: false });
  return segments;
}

/** Where the next byte will be written, or has been by now. */
export function endOfLog(path: string): LogPosition {
  const last = listSegments(path).at(-1);
  return { segment: last?.number ?? 1, offset: last === undefined || last.compressed ? 0 : (sizeOf(last.path) ?? 0) };
}

/** Undefined when there is no such file. */
export function statFile(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

export function sizeOf(path: string): number | undefined {
  return statFile(path)?.size;
}

/** A segment opened for reading; a compressed one is first unpacked into a file without a name. */
export class SegmentFile implements Disposable {
  readonly number: number;
  readonly fd: number;
  /** Nanoseconds since the epoch, rounded up to a millisecond; of a compressed one, when its last line was written. */
  readonly lastWriteNs: bigint;
  readonly inode: number;

  private constructor(number: number, fd: number, { mtimeMs, ino }: Stats) {
    this.number = number;
    this.fd = fd;
    this.lastWriteNs = BigInt(Math.trunc(mtimeMs)) * 1_000_000n + 1_000_000n;
    this.inode = ino;
  }

  /** Undefined when it was rotated away meanwhile. */
  static async open(segment: LogSegment): Promise<SegmentFile | undefined> {
    try {
      if (segment.compressed) {
        const stats = statSync(segment.path);
        return new SegmentFile(segment.number, await unpack(segment.path), stats);
      }
      const fd = openSync(segment.path, "r");
      return new SegmentFile(segment.number, fd, fstatSync(fd));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

async function unpack(path: string): Promise<number> {
  const { createZstdDecompress } = await import("node:zlib");
  // One whose files were removed is a descriptor by now, beside which there is no room.
  const scratch = `${path.startsWith("/proc/") ? "/tmp/lighter-log" : path}.${crypto.randomUUID()}.read`;
  const fd = openSync(scratch, "wx+", 0o600);
  try {
    unlinkSync(scratch);
    await pipeline(
      createReadStream(path),
      createZstdDecompress(),
      createWriteStream(scratch, { fd, autoClose: false }),
    );
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
