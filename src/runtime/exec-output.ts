import type { OutputChunk } from "./log-parse.ts";

/** Reading stops here until the consumer has taken what is there. */
const maxBufferedBytes = 1024 * 1024;
/** After the process ended, its output is drained once nothing came for this long; only heirs of its pipes make us wait. */
const drainMs = 50;

interface PipeReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** Output of a process from several pipes, for one consumer. What the consumer leaves is read and dropped. */
export class ExecOutput implements AsyncIterable<OutputChunk> {
  readonly #chunks: OutputChunk[] = [];
  #bufferedBytes = 0;
  #open = 0;
  #dropping = false;
  #ended = false;
  #readable: (() => void) | undefined;
  readonly #writable: ((value?: undefined) => void)[] = [];
  readonly #readers: PipeReader[] = [];
  #arrivals = 0;
  #tail: OutputChunk | undefined;

  /** Reads a pipe to its end. */
  pump(stream: "stdout" | "stderr", pipe: ReadableStream<Uint8Array>): void {
    this.#open++;
    const reader = pipe.getReader();
    this.#readers.push(reader);
    void this.#readAll(stream, reader);
  }

  push(stream: "stdout" | "stderr", data: Uint8Array): void {
    this.#arrivals++;
    if (this.#dropping || this.#ended || data.length === 0) return;
    this.#chunks.push({ stream, data });
    this.#bufferedBytes += data.length;
    this.#wakeReader();
  }

  /** What comes after all that is still under way. */
  appendAtEnd(stream: "stdout" | "stderr", data: Uint8Array): void {
    this.#tail = { stream, data };
  }

  end(): void {
    const tail = this.#tail;
    this.#tail = undefined;
    if (tail) this.push(tail.stream, tail.data);
    this.#ended = true;
    this.#wakeReader();
    this.#wakeWriters();
  }

  /** The process has ended: what it wrote is in the pipes by now, whoever still holds them. */
  async drain(): Promise<void> {
    while (!this.#ended) {
      const before = this.#arrivals;
      await Bun.sleep(drainMs);
      const waiting = this.#bufferedBytes >= maxBufferedBytes;
      if (this.#arrivals === before && !waiting) this.#abandonPipes();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<OutputChunk, void, undefined> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) {
          this.#bufferedBytes -= chunk.data.length;
          if (this.#bufferedBytes < maxBufferedBytes) this.#wakeWriters();
          yield chunk;
        } else if (this.#ended) return;
        else await new Promise<void>((resolve) => (this.#readable = resolve));
      }
    } finally {
      this.discard();
    }
  }

  /** Nobody wants the rest; the process must not block on it. */
  discard(): void {
    this.#dropping = true;
    this.#chunks.length = 0;
    this.#bufferedBytes = 0;
    this.#wakeWriters();
  }

  async #readAll(stream: "stdout" | "stderr", reader: PipeReader): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || value === undefined) break;
      this.push(stream, value);
      while (this.#bufferedBytes >= maxBufferedBytes && !this.#ended) {
        await new Promise<void>((resolve) => this.#writable.push(resolve));
      }
    }
    if (--this.#open === 0) this.end();
  }

  #abandonPipes(): void {
    this.end();
    for (const reader of this.#readers) void reader.cancel();
  }

  #wakeReader(): void {
    this.#readable?.();
    this.#readable = undefined;
  }

  #wakeWriters(): void {
    for (const resolve of this.#writable.splice(0)) resolve();
  }
}
