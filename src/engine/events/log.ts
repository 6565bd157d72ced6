import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, type Logger } from "#core";
import { parseEvent, type StampedEvent } from "./message.ts";

/** What happened, newest last, as far back as there is room for. */
export interface EventLog extends Disposable {
  /** When the newest event happened; 0 without any. */
  readonly lastNs: bigint;
  append(event: StampedEvent): void;
  /** What is in the log now and happened at `since` or later, oldest first; what is appended later is not in it. */
  read(since: bigint): AsyncIterable<StampedEvent>;
}

export interface EventLogOptions {
  readonly directory: string;
  readonly logger: Logger;
  /** A segment takes no more once it is this long. */
  readonly segmentBytes?: number;
  /** Segments that are kept, the one being written too. */
  readonly segments?: number;
}

/** No descriptor: the number of one that was closed soon is that of another file. */
const closed = -1;

/** About ten thousand events. */
const defaultSegmentBytes = 1 << 20;
const defaultSegments = 4;

/**
 * A log in files of JSON lines, `<number>.jsonl`. Each event is one write, so that it survives the death of the daemon (not
 * of the host: nothing is synced). A line that was cut short is dropped. Where the disk refuses an event, the daemon goes on
 * without keeping it.
 */
export function openEventLog(options: EventLogOptions): EventLog {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  return new SegmentedLog(options);
}

class SegmentedLog implements EventLog {
  lastNs = 0n;
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #segmentBytes: number;
  readonly #segments: number;
  #numbers: number[];
  #fd: number;
  #bytes: number;
  #failing = false;

  constructor({ directory, logger, segmentBytes, segments }: EventLogOptions) {
    this.#directory = directory;
    this.#logger = logger;
    this.#segmentBytes = segmentBytes ?? defaultSegmentBytes;
    this.#segments = segments ?? defaultSegments;
    const numbers = readdirSync(directory).flatMap((name) => /^(\d{1,15})\.jsonl$/.exec(name)?.[1] ?? []);
    this.#numbers = numbers.map(Number).toSorted((a, b) => a - b);
    if (this.#numbers.length === 0) this.#numbers = [1];
    this.#fd = this.#open();
    this.#bytes = this.#dropTorn();
  }

  append(event: StampedEvent): void {
    this.lastNs = event.ns;
    const line = `${JSON.stringify(event.message)}\n`;
    try {
      // One buffer: the length written has to be compared with bytes.
      const bytes = Buffer.from(line);
      const written = writeSync(this.#fd, bytes);
      if (written < bytes.length) throw new Error(`wrote ${written} of ${bytes.length} bytes`);
      this.#bytes += written;
      this.#failing = false;
      if (this.#bytes >= this.#segmentBytes) this.#rotate();
    } catch (error) {
      this.#dropped(error);
    }
  }

  read(since: bigint): AsyncIterable<StampedEvent> {
    // Taken before the first await: what is appended from now on is not meant.
    const parts = this.#numbers.map((number) => ({ path: this.#path(number), bytes: Infinity }));
    const current = parts.at(-1);
    if (current) current.bytes = this.#bytes;
    return readParts(parts, since);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    this.#fd = closed;
  }

  #path(number: number): string {
    return join(this.#directory, `${number}.jsonl`);
  }

  #open(): number {
    return openSync(this.#path(this.#numbers.at(-1) ?? 1), "a", 0o600);
  }

  /** @returns the length of the current segment, which then ends in a whole line */
  #dropTorn(): number {
    const content = readFileSync(this.#path(this.#numbers.at(-1) ?? 1));
    const whole = content.lastIndexOf(0x0a) + 1;
    if (whole < content.length) ftruncateSync(this.#fd, whole);
    const newest = content.subarray(content.lastIndexOf(0x0a, whole - 2) + 1, whole);
    this.lastNs = parseEvent(newest.toString())?.ns ?? 0n;
    return whole;
  }

  #rotate(): void {
    const next = (this.#numbers.at(-1) ?? 0) + 1;
    closeSync(this.#fd);
    this.#numbers.push(next);
    this.#fd = this.#open();
    this.#bytes = 0;
    for (const old of this.#numbers.splice(0, this.#numbers.length - this.#segments)) {
      rmSync(this.#path(old), { force: true });
    }
  }

  /** Leaves no torn line behind, and says so once until it works again. */
  #dropped(error: unknown): void {
    if (!this.#failing) this.#logger.log("warn", "events cannot be kept", { error: messageOf(error) });
    this.#failing = true;
    try {
      if (fstatSync(this.#fd).size > this.#bytes) ftruncateSync(this.#fd, this.#bytes);
    } catch (cause) {
      this.#logger.log("debug", "a torn event stays", { error: messageOf(cause) });
    }
  }
}

interface Part {
  readonly path: string;
  readonly bytes: number;
}

async function* readParts(parts: readonly Part[], since: bigint): AsyncGenerator<StampedEvent, void, undefined> {
  for (const { path, bytes } of parts) {
    const content = await contentSince(path, since);
    if (content === undefined) continue;
    for (const line of content.subarray(0, Math.min(bytes, content.length)).toString().split("\n")) {
      const event = line === "" ? undefined : parseEvent(line);
      if (event && event.ns >= since) yield event;
    }
  }
}

/** Undefined for a segment that was last written before (file systems keep times to some milliseconds), and for one that made room meanwhile. */
async function contentSince(path: string, since: bigint): Promise<Buffer | undefined> {
  const { mtimeMs = -Infinity } = statSync(path, { throwIfNoEntry: false }) ?? {};
  if (mtimeMs + 1000 < Number(since / 1_000_000n)) return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
