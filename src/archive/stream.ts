import { closeSync, openSync, read, readSync } from "node:fs";
import { promisify } from "node:util";
import { EngineError } from "#core";
import type { ByteStream, FileSource } from "./types.ts";

/** Bytes of one read. */
export const readBytes = 2 ** 20;
const readAsync = promisify(read);

/** A web stream of what a generator yields; canceling it ends the generator. */
export function toStream(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const step = await iterator.next();
        if (step.done === true) controller.close();
        else controller.enqueue(step.value);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** A ReadableStream is iterable in Bun, though its type does not say so everywhere. */
export function iterate(stream: ByteStream): AsyncIterable<Uint8Array> {
  return stream as AsyncIterable<Uint8Array>;
}

/** The bytes of a file range, 1 MiB at a time. @throws EngineError `invalid` when the file ends before the range does */
export function openFileSource(source: FileSource): ReadableStream<Uint8Array> {
  return toStream(readFile(source));
}

async function* readFile(source: FileSource): AsyncGenerator<Uint8Array, void, undefined> {
  const fd = openSync(source.path, "r");
  try {
    let position = source.offset ?? 0;
    const end = position + (source.length ?? Infinity);
    while (position < end) {
      const buffer = new Uint8Array(Math.min(readBytes, end - position));
      const { bytesRead } = await readAsync(fd, buffer, 0, buffer.length, position);
      if (bytesRead === 0) return checkWhole(source, position);
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    closeSync(fd);
  }
}

/** {@link openFileSource} without waiting, for worker threads; every piece is the same buffer again. */
export function* readFileSync(source: FileSource, pieceBytes = readBytes): Generator<Uint8Array, void, undefined> {
  const fd = openSync(source.path, "r");
  try {
    let position = source.offset ?? 0;
    const end = position + (source.length ?? Infinity);
    const buffer = new Uint8Array(pieceBytes);
    while (position < end) {
      const count = readSync(fd, buffer, 0, Math.min(pieceBytes, end - position), position);
      if (count === 0) return checkWhole(source, position);
      position += count;
      yield count === pieceBytes ? buffer : buffer.subarray(0, count);
    }
  } finally {
    closeSync(fd);
  }
}

function checkWhole(source: FileSource, position: number): void {
  if (source.length === undefined) return;
  throw new EngineError("invalid", `${source.path} ends at byte ${position}, before its range does`);
}
