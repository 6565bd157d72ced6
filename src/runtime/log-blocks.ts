import { closeSync, openSync, readSync } from "node:fs";
import { endOfLog, listSegments, SegmentFile, statFile, type LogPosition } from "./log-chain.ts";
import { pinLog, watchLog, type LogPin, type PinStrength } from "./log-watch.ts";

const blockBytes = 256 * 1024;
const newline = 0x0a;
/** Bun's `watch` drops an event that comes within a millisecond, or the next, after one like it: a log is looked at again after this. */
const quietMs = 4;

export interface BlockOptions {
  readonly from: LogPosition;
  /** Settles when nobody writes any more; without it reading ends where the log ends now. */
  readonly ended: Promise<unknown> | undefined;
  /** Segments that were not read yet are not rotated away; softly by default. */
  readonly pin?: PinStrength;
  /** Nanoseconds since the epoch; segments that were written before may be left out. */
  readonly sinceNs?: bigint | undefined;
  readonly signal: AbortSignal;
}

export interface LogBlock {
  /** Whole lines; the caller's to keep. */
  readonly data: Buffer;
  /** Of the first byte. */
  readonly at: LogPosition;
}

/**
 * Blocks of whole lines, across all segments of a log. While followed, waits for it to grow; a growth between a read and
 * the wait is not missed, as the watch is set before the first read. What was rotated away meanwhile is left out.
 */
export async function* readBlocks(path: string, options: BlockOptions): AsyncGenerator<LogBlock, void, undefined> {
  const follows = options.ended !== undefined;
  if (follows) makeFirst(path);
  const end = follows ? undefined : endOfLog(path);
  using pin = pinLog(path, options.from.segment, options.pin ?? "soft");
  using wakeup = options.ended === undefined ? undefined : new Wakeup(path, options.ended, options.signal);
  let { segment: number, offset } = options.from;
  for (;;) {
    if (options.signal.aborted) return;
    const segment = (pin.taken ?? listSegments(path)).find((other) => other.number >= number);
    if (segment === undefined || segment.number > (end?.segment ?? Infinity)) return;
    using file = await SegmentFile.open(segment);
    if (file === undefined) {
      // Of files that were removed nothing new is to be found by looking again.
      if (pin.taken) number = segment.number + 1;
      continue;
    }
    if (segment.number !== number) offset = 0;
    pin.segment = segment.number;
    const limit = end?.segment === segment.number && !segment.compressed ? end.offset : Infinity;
    const isCurrent = segment.path === path;
    const isLive = yield* fileBlocks({ path, pin, file, isCurrent, from: offset, limit, wakeup, options });
    if (isLive) return;
    [number, offset] = [segment.number + 1, 0];
  }
}

interface FileReading {
  readonly path: string;
  readonly pin: LogPin;
  readonly file: SegmentFile;
  /** Listed as the one that is written now. */
  readonly isCurrent: boolean;
  readonly from: number;
  readonly limit: number;
  readonly wakeup: Wakeup | undefined;
  readonly options: BlockOptions;
}

/** @returns whether reading ends here: false when the writer has gone on to the next segment */
async function* fileBlocks(reading: FileReading): AsyncGenerator<LogBlock, boolean, undefined> {
  const { file, limit, wakeup, options } = reading;
  let rest: Buffer = Buffer.alloc(0);
  let position = reading.from;
  let isQuiet = false;
  // The current one was listed right now; where it is left behind, the first look after its end tells.
  let isFinal = !reading.isCurrent && isLeftBehind(reading);
  if (isFinal && isOlder(file, options.sinceNs)) return false;
  for (;;) {
    if (options.signal.aborted) return true;
    const settled = wakeup?.settled ?? true;
    const buffer = Buffer.allocUnsafe(blockBytes + rest.length);
    rest.copy(buffer);
    const wanted = Math.min(blockBytes, limit - position);
    const count = wanted <= 0 ? 0 : readSync(file.fd, buffer, rest.length, wanted, position);
    if (count === 0) {
      if (isFinal) return false;
      // Between the last read and this look the writer may have filled more of it.
      isFinal = isLeftBehind(reading);
      if (isFinal) continue;
      if (settled) return true;
      isQuiet = (await wakeup?.wait(isQuiet)) ?? true;
      continue;
    }
    isQuiet = false;
    const at = { segment: file.number, offset: position - rest.length };
    position += count;
    const filled = buffer.subarray(0, rest.length + count);
    const end = filled.lastIndexOf(newline) + 1;
    rest = filled.subarray(end);
    if (end > 0) yield { data: filled.subarray(0, end), at };
  }
}

/** Whether the writer fills a later file; what is in this one is then all. */
function isLeftBehind({ path, pin, file }: FileReading): boolean {
  if (pin.taken) return pin.taken.some(({ number }) => number > file.number);
  const current = statFile(path);
  if (current !== undefined) return current.ino !== file.inode;
  return (listSegments(path).at(-1)?.number ?? 0) > file.number;
}

function isOlder(file: SegmentFile, sinceNs: bigint | undefined): boolean {
  return sinceNs !== undefined && file.lastWriteNs < sinceNs;
}

/** A reader may come before the writer. */
function makeFirst(path: string): void {
  if (statFile(path) === undefined && listSegments(path).length === 0) closeSync(openSync(path, "a", 0o600));
}

/** Remembers that something happened until it is waited for. */
class Wakeup implements Disposable {
  /** True once the writer has ended: what is in the file now is all. */
  settled = false;
  readonly #stack = new DisposableStack();
  #pending = false;
  #resolve: (() => void) | undefined;

  constructor(path: string, ended: Promise<unknown>, signal: AbortSignal) {
    const wake = (): void => this.#wake();
    this.#stack.use(watchLog(path, wake));
    signal.addEventListener("abort", wake);
    this.#stack.defer(() => signal.removeEventListener("abort", wake));
    const settle = (): void => {
      this.settled = true;
      wake();
    };
    void ended.then(settle, settle);
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }

  /**
   * Waits for the next event, unless it is quiet no longer than {@link quietMs}.
   * @returns whether it was quiet for that long
   */
  async wait(isQuiet: boolean): Promise<boolean> {
    let timedOut = false;
    const look = (): void => {
      timedOut = true;
      this.#wake();
    };
    const timer = isQuiet || this.#pending ? undefined : setTimeout(look, quietMs);
    if (!this.#pending) await new Promise<void>((resolve) => (this.#resolve = resolve));
    clearTimeout(timer);
    this.#pending = false;
    return timedOut;
  }

  #wake(): void {
    this.#pending = true;
    this.#resolve?.();
    this.#resolve = undefined;
  }
}
