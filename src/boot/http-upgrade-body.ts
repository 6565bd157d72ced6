import type { Duplex } from "node:stream";
import { EngineError, messageOf } from "#core";
import { headerOf, type RequestHeaders } from "#api";

/** A request's body, and what came behind it. */
export interface Cut {
  readonly body: Uint8Array;
  readonly rest: Uint8Array;
}

const limitBytes = 16 << 20;

/**
 * Reads the body of an upgrade request from `head`, the bytes behind its headers, and the socket, as long as
 * Content-Length or chunked encoding say. The rest belongs to the session.
 * @throws EngineError `invalid` when the body is malformed, too long or cut short
 */
export async function takeBody(socket: Duplex, head: Uint8Array, headers: RequestHeaders): Promise<Cut> {
  const cut = cutter(headers);
  let bytes = head;
  for (let found = cut(bytes); ; found = cut(bytes)) {
    if (found) return found;
    if (bytes.length > limitBytes) throw new EngineError("invalid", `request body exceeds ${limitBytes} bytes`);
    bytes = Buffer.concat([bytes, await nextChunk(socket)]);
  }
}

function cutter(headers: RequestHeaders): (bytes: Uint8Array) => Cut | undefined {
  if (headerOf(headers, "transfer-encoding")?.toLowerCase().endsWith("chunked")) return cutChunked;
  const length = Number(headerOf(headers, "content-length") ?? "0");
  return (bytes) =>
    bytes.length < length ? undefined : { body: bytes.subarray(0, length), rest: bytes.subarray(length) };
}

/** RFC 9112, section 7.1; trailers are skipped. */
function cutChunked(bytes: Uint8Array): Cut | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: Uint8Array[] = [];
  for (let at = 0; ;) {
    const eol = buffer.indexOf("\r\n", at);
    if (eol < 0) return undefined;
    const size = chunkSize(buffer.toString("latin1", at, eol));
    const start = eol + 2;
    if (size === 0) return cutTrailers(buffer, start, parts);
    if (buffer.length < start + size + 2) return undefined;
    parts.push(buffer.subarray(start, start + size));
    at = start + size + 2;
  }
}

function chunkSize(line: string): number {
  const digits = line.split(";", 1)[0]?.trim() ?? "";
  if (!/^[0-9a-fA-F]{1,8}$/.test(digits))
    throw new EngineError("invalid", `invalid chunk size ${JSON.stringify(line.slice(0, 40))}`);
  return Number.parseInt(digits, 16);
}

function cutTrailers(buffer: Buffer, start: number, parts: readonly Uint8Array[]): Cut | undefined {
  for (let at = start; ;) {
    const eol = buffer.indexOf("\r\n", at);
    if (eol < 0) return undefined;
    if (eol === at) return { body: Buffer.concat(parts), rest: buffer.subarray(at + 2) };
    at = eol + 2;
  }
}

async function nextChunk(socket: Duplex): Promise<Uint8Array> {
  const outcome = Promise.withResolvers<Uint8Array>();
  const cutShort = (error?: unknown): void =>
    outcome.reject(
      new EngineError("invalid", `request body cut short${error === undefined ? "" : `: ${messageOf(error)}`}`),
    );
  const onClose = (): void => cutShort();
  const onData = (chunk: Uint8Array): void => {
    socket.pause(); // at once: what comes between two calls would have no listener
    outcome.resolve(chunk);
  };
  socket.once("data", onData).once("end", onClose).once("close", onClose).once("error", cutShort);
  socket.resume();
  try {
    const chunk = await outcome.promise;
    return chunk;
  } finally {
    socket.off("data", onData).off("end", onClose).off("close", onClose).off("error", cutShort);
  }
}
