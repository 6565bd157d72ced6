import { Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGunzip, createGzip, createZstdCompress, createZstdDecompress } from "node:zlib";
import { EngineError, messageOf } from "#core";
import { hostDecompress } from "#linux";
import { checkExpansion, resolveLimits } from "./limits.ts";
import { iterate, readBytes, toStream } from "./stream.ts";
import type { ArchiveLimits, ByteStream, Compression } from "./types.ts";

const magics: readonly (readonly [Compression, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b, 0x08]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["bzip2", [0x42, 0x5a, 0x68]],
];
/** Enough for every magic number. */
const headBytes = 6;
/** 128 MiB, what zstd itself allows without being asked. */
const zstdWindowLog = 27;

/** By the first bytes of a file or stream (6 are enough). */
export function detectCompression(head: Uint8Array): Compression {
  const skippable = (head[0] ?? 0) >> 4 === 5 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18;
  if (skippable) return "zstd";
  return magics.find(([, magic]) => magic.every((byte, at) => head[at] === byte))?.[0] ?? "none";
}

export interface Decompressed {
  readonly compression: Compression;
  readonly stream: ReadableStream<Uint8Array>;
}

/** Finds the compression by magic bytes and undoes it. @throws EngineError `invalid` while reading damaged data, `exhausted` beyond limits */
export async function decompress(stream: ByteStream, limits?: ArchiveLimits): Promise<Decompressed> {
  const source = iterate(stream)[Symbol.asyncIterator]();
  const head = await readHead(source);
  const compression = detectCompression(head);
  const counter = new Expansion(resolveLimits(limits));
  const whole = compression === "none" ? joined(head, source) : counter.compressed(joined(head, source));
  return {
    compression,
    stream: toStream(compression === "none" ? whole : counter.expanded(expand(compression, whole))),
  };
}

async function readHead(source: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < headBytes) {
    const step = await source.next();
    if (step.done === true) break;
    head = head.length === 0 ? step.value : Buffer.concat([head, step.value]);
  }
  return head;
}

async function* joined(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let finished = false;
  try {
    if (head.length > 0) yield head;
    for (let step = await rest.next(); step.done !== true; step = await rest.next()) yield step.value;
    finished = true;
  } finally {
    if (!finished) await rest.return?.();
  }
}

/** Counts both sides of a decompressor against the limits. */
class Expansion {
  readonly #limits: Required<ArchiveLimits>;
  #in = 0;
  #out = 0;
  constructor(limits: Required<ArchiveLimits>) {
    this.#limits = limits;
  }

  async *compressed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const bytes of source) {
      this.#in += bytes.length;
      yield bytes;
    }
  }

  async *expanded(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const bytes of source) {
      this.#out += bytes.length;
      checkExpansion(this.#in, this.#out, this.#limits);
      yield bytes;
    }
  }
}

function expand(kind: Exclude<Compression, "none">, source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  if (kind === "xz" || kind === "bzip2") return iterate(hostDecompress(kind, toStream(source)));
  if (kind === "gzip") return transformed(source, createGunzip({ chunkSize: readBytes }), kind);
  const params = { [constants.ZSTD_d_windowLogMax]: zstdWindowLog };
  return transformed(source, createZstdDecompress({ chunkSize: readBytes, params }), kind);
}

/** Deterministic: no name, no time in the header. Default level 6. */
export function compressGzip(stream: ByteStream, level = 6): ReadableStream<Uint8Array> {
  return toStream(transformed(iterate(stream), createGzip({ level, chunkSize: 65536 * 4 }), "gzip"));
}

/** Default level 3. */
export function compressZstd(stream: ByteStream, level = 3): ReadableStream<Uint8Array> {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  return toStream(transformed(iterate(stream), createZstdCompress({ params, chunkSize: 65536 * 4 }), "zstd"));
}

async function* transformed(
  source: AsyncIterable<Uint8Array>,
  transform: Transform,
  kind: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const input = Readable.from(source, { objectMode: false });
  let failure: unknown;
  const piped = pipeline(input, transform).catch((error: unknown) => (failure ??= error));
  try {
    for await (const bytes of transform as AsyncIterable<Uint8Array>) yield bytes;
  } catch (error) {
    failure ??= error;
  } finally {
    transform.destroy();
    await piped;
  }
  if (failure !== undefined) throw damaged(failure, kind);
}

/** Errors of zlib and zstd become typed; those of the source pass as they are. */
function damaged(error: unknown, kind: string): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!/^(Z_|ZSTD_)/.test(code)) return error;
  return new EngineError("invalid", `damaged ${kind} data: ${messageOf(error)}`, { cause: error });
}
