import type { Connection } from "./connection.ts";
import { ConnectionError } from "./errors.ts";

/** Status line and headers of an answer; header names in lower case. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
}

const maxHeadBytes = 256 * 1024;

/** Bytes of a request head; `headers` come after Host. */
export function encodeRequestHead(
  method: string,
  path: string,
  headers: readonly (readonly [string, string])[],
): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\nHost: lighter\r\nUser-Agent: lighter\r\n${lines.join("")}\r\n`;
}

/** Reads one answer head; interim 1xx answers other than 101 are skipped. @throws ConnectionError */
export async function readHead(connection: Connection): Promise<AnswerHead> {
  let buffer: Buffer = Buffer.alloc(0);
  for (;;) {
    const end = buffer.indexOf("\r\n\r\n");
    if (end >= 0) {
      const head = parseHead(buffer.toString("latin1", 0, end));
      buffer = buffer.subarray(end + 4);
      if (head.status < 200 && head.status !== 101) continue;
      connection.unread(buffer);
      return head;
    }
    // Only now: the body behind a head may come with it.
    if (buffer.length > maxHeadBytes)
      throw new ConnectionError("error during connect: the daemon's answer head is too long");
    const chunk = await connection.read();
    if (!chunk) throw new ConnectionError("error during connect: the daemon closed the connection without an answer");
    buffer =
      buffer.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([buffer, chunk]);
  }
}

function parseHead(text: string): AnswerHead {
  const [first = "", ...lines] = text.split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
  if (!status)
    throw new ConnectionError(`error during connect: not an HTTP answer: ${JSON.stringify(first.slice(0, 80))}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status, headers };
}

/** True when the connection can serve another request after this answer's body. */
export function keepsAlive(head: AnswerHead): boolean {
  if (head.headers.get("connection")?.toLowerCase() === "close") return false;
  return hasNoBody(head) || head.headers.has("content-length") || isChunked(head);
}

function hasNoBody(head: AnswerHead): boolean {
  return head.status === 204 || head.status === 304;
}

function isChunked(head: AnswerHead): boolean {
  return head.headers.get("transfer-encoding")?.toLowerCase() === "chunked";
}

/** Bytes of the body, as they arrive. @throws ConnectionError when it is cut short */
export async function* readBody(connection: Connection, head: AnswerHead): AsyncGenerator<Uint8Array, void, undefined> {
  if (hasNoBody(head)) return;
  const length = head.headers.get("content-length");
  if (isChunked(head)) yield* readChunked(connection);
  else if (length !== undefined) yield* readExactly(connection, Number(length));
  else yield* readToEnd(connection);
}

/** Bytes up to the end of the stream. */
export async function* readToEnd(connection: Connection): AsyncGenerator<Uint8Array, void, undefined> {
  for (let chunk = await connection.read(); chunk; chunk = await connection.read()) yield chunk;
}

async function* readExactly(connection: Connection, length: number): AsyncGenerator<Uint8Array, void, undefined> {
  let left = length;
  while (left > 0) {
    const chunk = await connection.read();
    if (!chunk) throw new ConnectionError("error during connect: unexpected EOF");
    if (chunk.length > left) connection.unread(chunk.subarray(left));
    const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= part.length;
    yield part;
  }
}

async function* readChunked(connection: Connection): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const line = await readLine(connection);
    const size = /^([0-9a-fA-F]{1,13})\s*(?:;.*)?$/.exec(line)?.[1];
    if (size === undefined) throw new ConnectionError("error during connect: malformed chunk");
    const length = Number.parseInt(size, 16);
    if (length === 0) break;
    yield* readExactly(connection, length);
    await readLine(connection);
  }
  let trailer = await readLine(connection);
  while (trailer !== "") trailer = await readLine(connection);
}

async function readLine(connection: Connection): Promise<string> {
  let text = "";
  for (;;) {
    const chunk = await connection.read();
    if (!chunk) throw new ConnectionError("error during connect: unexpected EOF");
    const end = chunk.indexOf(10);
    text += Buffer.from(end < 0 ? chunk : chunk.subarray(0, end)).toString("latin1");
    if (end >= 0) {
      connection.unread(chunk.subarray(end + 1));
      return text.endsWith("\r") ? text.slice(0, -1) : text;
    }
    if (text.length > maxHeadBytes) throw new ConnectionError("error during connect: malformed chunk");
  }
}
