import { closeSync, openSync, readSync, watch } from "node:fs";

const blockBytes = 256 * 1024;
const newline = 0x0a;
/** Bun's `watch` drops an event that comes within a millisecond, or the next, after one like it: a log is looked at again after this. */
const quietMs = 4;

export interface BlockOptions {
  readonly from: number;
  /** Settles when nobody writes any more; without it reading ends at the end of the file. */
  readonly ended: Promise<unknown> | undefined;
  readonly signal: AbortSignal;
}

/** An open log. */
export class LogFile implements Disposable {
  readonly fd: number;
  readonly path: string;

  private constructor(fd: number, path: string) {
    this.fd = fd;
    this.path = path;
  }

  /** Undefined when there is none; `create` makes it, so that a reader may come before the writer. */
  static open(path: string, create: boolean): LogFile | undefined {
    try {
      return new LogFile(openSync(path, create ? "a+" : "r", 0o640), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }

  /**
   * Blocks of whole lines. A block is the caller's to keep. While followed, waits for the file to grow; a growth
   * between a read and the wait is not missed, as the watch is set before the first read.
   */
  async *blocks(options: BlockOptions): AsyncGenerator<Buffer, void, undefined> {
    using wakeup = options.ended === undefined ? undefined : new Wakeup(this.path, options.ended, options.signal);
    let rest: Buffer = Buffer.alloc(0);
    let position = options.from;
    let isQuiet = false;
    for (;;) {
      if (options.signal.aborted) return;
      const settled = wakeup?.settled ?? true;
      const buffer = Buffer.allocUnsafe(blockBytes + rest.length);
      rest.copy(buffer);
      const count = readSync(this.fd, buffer, rest.length, blockBytes, position);
      if (count === 0) {
        if (settled) return;
        isQuiet = (await wakeup?.wait(isQuiet)) ?? true;
        continue;
      }
      isQuiet = false;
      position += count;
      const filled = buffer.subarray(0, rest.length + count);
      const end = filled.lastIndexOf(newline) + 1;
      rest = filled.subarray(end);
      if (end > 0) yield filled.subarray(0, end);
    }
  }
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
    const watcher = watch(path, wake);
    this.#stack.defer(() => watcher.close());
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
