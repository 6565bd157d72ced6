import type { LogRecord } from "./contract.ts";

const space = 0x20;
const newline = 0x0a;
const fullTag = 0x46;
const partialTag = 0x50;
const stdoutLast = 0x74;

/** One line of a log, by its place in a buffer: `<time> <stdout|stderr> <F|P> <content>\n`. */
export interface LogLine {
  stream: "stdout" | "stderr";
  /** The process wrote no newline here. */
  partial: boolean;
  /** Of the time; it ends at `timeEnd`. */
  start: number;
  timeEnd: number;
  /** Of the content. */
  contentStart: number;
  /** Where the log's own newline is. */
  end: number;
}

/**
 * Parses the line that begins at `start`, in the form conmon and CRI write ("k8s-file").
 * @returns undefined for a line of another form, which a reader skips
 */
export function parseLogLine(buffer: Buffer, start: number, end: number, into: LogLine): LogLine | undefined {
  const timeEnd = buffer.indexOf(space, start);
  // "stdout" and "stderr" are equally long, so every other place follows.
  const streamEnd = timeEnd + 7;
  if (timeEnd < 0 || streamEnd + 2 > end || buffer[streamEnd] !== space) return undefined;
  const tag = buffer[streamEnd + 1];
  if (tag !== fullTag && tag !== partialTag) return undefined;
  into.stream = buffer[streamEnd - 1] === stdoutLast ? "stdout" : "stderr";
  into.partial = tag === partialTag;
  into.start = start;
  into.timeEnd = timeEnd;
  into.contentStart = Math.min(streamEnd + 3, end);
  into.end = end;
  return into;
}

export function emptyLogLine(): LogLine {
  return { stream: "stdout", partial: false, start: 0, timeEnd: 0, contentStart: 0, end: 0 };
}

/** Content with the newline the process wrote, without one where it wrote none; shares the buffer's memory. */
function lineContent(buffer: Buffer, line: LogLine): Uint8Array {
  return buffer.subarray(line.contentStart, line.partial ? line.end : line.end + 1);
}

/** RFC 3339 with up to nine digits of a second and an offset → nanoseconds. Remembers the last second: lines come in runs. */
export class LogClock {
  #prefix = "";
  #zone = "";
  #ms = 0;

  parse(buffer: Buffer, start: number, end: number): bigint {
    const text = buffer.toString("latin1", start, end);
    const prefix = text.slice(0, 19);
    const match = /^(?:\.(\d{1,9}))?(.*)$/.exec(text.slice(19));
    const zone = match?.[2] ?? "Z";
    if (prefix !== this.#prefix || zone !== this.#zone) {
      this.#ms = Date.parse(prefix + zone);
      this.#prefix = prefix;
      this.#zone = zone;
    }
    if (Number.isNaN(this.#ms)) return 0n;
    return BigInt(this.#ms) * 1_000_000n + BigInt((match?.[1] ?? "").padEnd(9, "0"));
  }
}

/** Every record of a block of whole lines. */
export function parseRecords(block: Buffer, clock: LogClock): LogRecord[] {
  const records: LogRecord[] = [];
  const line = emptyLogLine();
  for (let start = 0; start < block.length;) {
    const end = block.indexOf(newline, start);
    if (end < 0) break;
    if (parseLogLine(block, start, end, line) !== undefined) {
      const timeNs = clock.parse(block, line.start, line.timeEnd);
      records.push({ stream: line.stream, timeNs, data: lineContent(block, line), partial: line.partial });
    }
    start = end + 1;
  }
  return records;
}

export interface OutputChunk {
  readonly stream: "stdout" | "stderr";
  readonly data: Uint8Array;
}

/** The bytes of a block of whole lines as the process wrote them, one chunk per run of the same stream. */
export function parseOutput(block: Buffer): OutputChunk[] {
  const output = Buffer.allocUnsafe(block.length);
  const chunks: OutputChunk[] = [];
  const line = emptyLogLine();
  let [stream, begin, length]: ["stdout" | "stderr", number, number] = ["stdout", 0, 0];
  for (let start = 0; start < block.length;) {
    const end = block.indexOf(newline, start);
    if (end < 0) break;
    if (parseLogLine(block, start, end, line) !== undefined) {
      if (line.stream !== stream && length > begin) {
        chunks.push({ stream, data: output.subarray(begin, length) });
        begin = length;
      }
      stream = line.stream;
      length += block.copy(output, length, line.contentStart, line.partial ? line.end : line.end + 1);
    }
    start = end + 1;
  }
  if (length > begin) chunks.push({ stream, data: output.subarray(begin, length) });
  return chunks;
}
