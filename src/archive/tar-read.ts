import { EngineError } from "#core";
import { resolveLimits } from "./limits.ts";
import { TarParser, type TarSink } from "./tar-parser.ts";
import type { ArchiveLimits, ByteStream, SparseRegion, TarEntry, TarHeader } from "./types.ts";

type Event =
  | { readonly kind: "entry"; readonly header: TarHeader }
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  | { readonly kind: "end" };

/** Entries of an uncompressed tar, in order. Leaving the loop early cancels the stream. @throws EngineError `invalid`, `exhausted` */
export async function* readTar(stream: ByteStream, limits?: ArchiveLimits): AsyncGenerator<TarEntry, void, undefined> {
  await using events = new EventReader(stream, limits);
  for (let event = await events.next(); event !== undefined; event = await events.next()) {
    if (event.kind === "entry") yield entryOf(event.header, events);
  }
}

class EventReader implements TarSink, AsyncDisposable {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #parser: TarParser;
  #queue: Event[] = [];
  #done = false;

  constructor(stream: ByteStream, limits?: ArchiveLimits) {
    this.#source = (stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    this.#parser = new TarParser(this, resolveLimits(limits));
  }

  entry(header: TarHeader): void {
    this.#queue.push({ kind: "entry", header });
  }

  data(bytes: Uint8Array): void {
    this.#queue.push({ kind: "data", bytes });
  }

  end(): void {
    this.#queue.push({ kind: "end" });
  }

  async next(): Promise<Event | undefined> {
    await this.#fill();
    return this.#queue.shift();
  }

  /** The next piece of this entry; undefined at its end, which stays for others to see as the next entry. */
  async nextData(): Promise<Uint8Array | undefined> {
    await this.#fill();
    const event = this.#queue[0];
    if (event?.kind !== "data") return undefined;
    this.#queue.shift();
    return event.bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#done) await this.#source.return?.();
  }

  async #fill(): Promise<void> {
    while (this.#queue.length === 0 && !this.#done) {
      const step = await this.#source.next();
      this.#done = step.done === true;
      if (step.done === true) this.#parser.finish();
      else this.#parser.push(step.value);
    }
  }
}

function entryOf(header: TarHeader, events: EventReader): TarEntry {
  const body = header.sparse ? expandHoles(header.size, header.sparse, stored(events)) : stored(events);
  return { header, body, bytes: (maxBytes) => collect(header, body, maxBytes) };
}

async function* stored(events: EventReader): AsyncGenerator<Uint8Array, void, undefined> {
  for (let bytes = await events.nextData(); bytes !== undefined; bytes = await events.nextData()) yield bytes;
}

async function collect(
  header: TarHeader,
  body: AsyncIterable<Uint8Array>,
  maxBytes = 16 * 2 ** 20,
): Promise<Uint8Array> {
  if (header.size > maxBytes) {
    throw new EngineError("exhausted", `${JSON.stringify(header.path)} in archive is larger than ${maxBytes} bytes`);
  }
  return Buffer.concat(await Array.fromAsync(body));
}

const zeros = new Uint8Array(65536);

async function* expandHoles(
  size: number,
  regions: readonly SparseRegion[],
  pieces: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let position = 0;
  let piece: Uint8Array = new Uint8Array(0);
  for (const region of regions) {
    yield* holeOf(region.offset - position);
    for (let left = region.length; left > 0;) {
      if (piece.length === 0) piece = (await pieces.next()).value ?? piece;
      if (piece.length === 0) throw new EngineError("invalid", "unexpected end of archive");
      const part = piece.subarray(0, left);
      piece = piece.subarray(part.length);
      left -= part.length;
      yield part;
    }
    position = region.offset + region.length;
  }
  yield* holeOf(size - position);
}

function* holeOf(length: number): Generator<Uint8Array, void, undefined> {
  for (let left = length; left > 0; left -= zeros.length) yield zeros.subarray(0, Math.min(left, zeros.length));
}
