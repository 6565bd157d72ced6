import { fstatSync, readSync } from "node:fs";
import { endOfLog, listSegments, SegmentFile, type LogPosition } from "./log-chain.ts";
import { emptyLogLine, parseLogLine } from "./log-parse.ts";

const chunkBytes = 64 * 1024;
const newline = 0x0a;

/**
 * Where the last `lines` lines begin, found from the end of the last segment towards the first. A line is what ends with
 * a newline the process wrote, or an unfinished rest; its parts may be several records.
 */
export async function findTail(path: string, lines: number): Promise<LogPosition> {
  if (lines <= 0) return endOfLog(path);
  const counter = new TailCounter(lines);
  const segments = listSegments(path);
  for (const segment of segments.toReversed()) {
    using file = await SegmentFile.open(segment);
    const offset = file === undefined ? undefined : scanFile(file.fd, counter);
    if (offset !== undefined) return { segment: segment.number, offset };
  }
  return { segment: segments[0]?.number ?? 1, offset: 0 };
}

function scanFile(fd: number, counter: TailCounter): number | undefined {
  let position = fstatSync(fd).size;
  let rest: Buffer = Buffer.alloc(0);
  while (position > 0) {
    const length = Math.min(chunkBytes, position);
    position -= length;
    const buffer = Buffer.allocUnsafe(length + rest.length);
    readFully(fd, buffer, length, position);
    rest.copy(buffer, length);
    const first = position === 0 ? 0 : buffer.indexOf(newline) + 1;
    // Without a newline the chunk lies within one record; take more.
    if (position > 0 && first === 0) {
      rest = buffer;
      continue;
    }
    const found = counter.scan(buffer, first);
    if (found !== undefined) return position + found;
    rest = buffer.subarray(0, first);
  }
  return undefined;
}

function readFully(fd: number, buffer: Buffer, length: number, position: number): void {
  for (let done = 0; done < length;) {
    const count = readSync(fd, buffer, done, length - done, position + done);
    if (count === 0) return;
    done += count;
  }
}

/** Counts line ends from the last record towards the first. */
class TailCounter {
  #left: number;
  #sawRecord = false;
  readonly #line = emptyLogLine();

  constructor(lines: number) {
    this.#left = lines;
  }

  /** Whole records of `buffer` from `first` on; returns where the wanted lines begin, if here. */
  scan(buffer: Buffer, first: number): number | undefined {
    let end = buffer.lastIndexOf(newline);
    while (end >= first) {
      const start = end === 0 ? 0 : Math.max(buffer.lastIndexOf(newline, end - 1) + 1, first);
      const line = parseLogLine(buffer, start, end, this.#line);
      if (line !== undefined && this.#endsLine(line.partial)) {
        if (this.#left === 0) return end + 1;
        this.#left--;
      }
      if (start === 0) return undefined;
      end = start - 1;
    }
    return undefined;
  }

  #endsLine(partial: boolean): boolean {
    const last = !this.#sawRecord;
    this.#sawRecord = true;
    return last || !partial;
  }
}
