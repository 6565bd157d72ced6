import { EngineError } from "#core";
import { encodeName } from "#linux";
import { blockSize, type Field, fields, paddingOf, typeFlagOffset } from "./tar-fields.ts";
import { iterate, toStream } from "./stream.ts";
import type { TarEntryType, TarHeaderInit, TarInput } from "./types.ts";

/** The two zero blocks that close a tar. */
export const tarEnd: Uint8Array = new Uint8Array(2 * blockSize);

const zeros = new Uint8Array(blockSize);
const flags: Readonly<Record<TarEntryType, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  char: "3",
  block: "4",
  directory: "5",
  fifo: "6",
};

/** Zero bytes that follow a body of this size. */
export function tarPadding(size: number): Uint8Array {
  return zeros.subarray(0, paddingOf(size));
}

/**
 * Header blocks of one entry (pax records first where ustar cannot hold it). `header.size` bytes, padded with
 * {@link tarPadding}, must follow. The same header gives the same bytes. Maps of sparse files are not written.
 */
export function encodeTarHeader(header: TarHeaderInit): Uint8Array {
  const type = header.type ?? (header.path.endsWith("/") ? "directory" : "file");
  const pax = new Map<string, Uint8Array>();
  const block = new Uint8Array(blockSize);
  const name = type === "directory" && !header.path.endsWith("/") ? `${header.path}/` : header.path;
  putPath(block, name, pax);
  putText(block, fields.linkName, header.linkPath ?? "", (bytes) => pax.set("linkpath", bytes));
  putText(block, fields.uname, header.uname ?? "", (bytes) => pax.set("uname", bytes));
  putText(block, fields.gname, header.gname ?? "", (bytes) => pax.set("gname", bytes));
  putOctal(block, fields.mode, (header.mode ?? (type === "directory" ? 0o755 : 0o644)) & 0o7777);
  putNumber(block, fields.uid, header.uid ?? 0, (bytes) => pax.set("uid", bytes));
  putNumber(block, fields.gid, header.gid ?? 0, (bytes) => pax.set("gid", bytes));
  putNumber(block, fields.size, type === "file" ? (header.size ?? 0) : 0, (bytes) => pax.set("size", bytes));
  putTime(block, header.mtimeNs ?? 0n, pax);
  putOctal(block, fields.devMajor, type === "char" || type === "block" ? (header.devMajor ?? 0) : 0);
  putOctal(block, fields.devMinor, type === "char" || type === "block" ? (header.devMinor ?? 0) : 0);
  for (const [key, value] of [...(header.xattrs ?? [])].toSorted(byName)) pax.set(`SCHILY.xattr.${key}`, value);
  seal(block, flags[type]);
  return pax.size === 0 ? block : Buffer.concat([paxBlocks(name, pax), block]);
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}

/** Long names are split at a slash where ustar's prefix can take the front. */
function putPath(block: Uint8Array, path: string, pax: Map<string, Uint8Array>): void {
  const bytes = encodeName(path);
  if (!isAscii(bytes)) pax.set("path", bytes);
  if (bytes.length <= 100) return block.set(bytes, 0);
  const slash = bytes.lastIndexOf(0x2f, Math.min(155, bytes.length - 2));
  if (slash > 0 && bytes.length - slash - 1 <= 100) {
    block.set(bytes.subarray(0, slash), fields.prefix[0]);
    return block.set(bytes.subarray(slash + 1), 0);
  }
  pax.set("path", bytes);
  block.set(bytes.subarray(0, 100), 0);
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

function putText(
  block: Uint8Array,
  [offset, length]: Field,
  text: string,
  overflow: (bytes: Uint8Array) => void,
): void {
  if (text === "") return;
  const bytes = encodeName(text);
  if (bytes.length > length || !isAscii(bytes)) overflow(bytes);
  block.set(bytes.subarray(0, length), offset);
}

function putOctal(block: Uint8Array, [offset, length]: Field, value: number): void {
  const text = value.toString(8).padStart(length - 1, "0");
  if (text.length > length - 1) throw new EngineError("invalid", `number ${value} does not fit in a tar header`);
  block.set(Buffer.from(text, "latin1"), offset);
}

function putNumber(block: Uint8Array, field: Field, value: number, overflow: (bytes: Uint8Array) => void): void {
  const fits = value < 8 ** (field[1] - 1);
  if (!fits) overflow(Buffer.from(String(value)));
  putOctal(block, field, fits ? value : 0);
}

function putTime(block: Uint8Array, ns: bigint, pax: Map<string, Uint8Array>): void {
  const whole = ns >= 0n && ns % 1_000_000_000n === 0n && ns / 1_000_000_000n < 8n ** 11n;
  if (!whole) pax.set("mtime", Buffer.from(secondsText(ns)));
  putOctal(block, fields.mtime, ns < 0n ? 0 : Number((ns / 1_000_000_000n) % 8n ** 11n));
}

function secondsText(ns: bigint): string {
  const size = ns < 0n ? -ns : ns;
  const fraction = (size % 1_000_000_000n).toString().padStart(9, "0").replace(/0+$/, "");
  return `${ns < 0n ? "-" : ""}${size / 1_000_000_000n}${fraction === "" ? "" : `.${fraction}`}`;
}

function seal(block: Uint8Array, flag: string): void {
  block[typeFlagOffset] = flag.charCodeAt(0);
  block.set(Buffer.from("ustar\x0000", "latin1"), 257);
  block.fill(0x20, fields.checksum[0], fields.checksum[0] + fields.checksum[1]);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.set(Buffer.from(`${sum.toString(8).padStart(6, "0")}\0 `, "latin1"), fields.checksum[0]);
}

function paxBlocks(path: string, records: ReadonlyMap<string, Uint8Array>): Buffer {
  const body = Buffer.concat([...records].toSorted(byName).map(([key, value]) => paxRecord(key, value)));
  const block = new Uint8Array(blockSize);
  const base = path
    .replace(/\/+$/, "")
    .replace(/^.*\//s, "")
    .replaceAll(/[^\x20-\x7e]/g, "_")
    .slice(0, 80);
  block.set(Buffer.from(`PaxHeaders.0/${base}`, "latin1"), 0);
  putOctal(block, fields.mode, 0o644);
  for (const field of [fields.uid, fields.gid, fields.mtime, fields.devMajor, fields.devMinor])
    putOctal(block, field, 0);
  putOctal(block, fields.size, body.length);
  seal(block, "x");
  return Buffer.concat([block, body, tarPadding(body.length)]);
}

/** The length counts its own digits. */
function paxRecord(key: string, value: Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(" "), encodeName(key), Buffer.from("="), value, Buffer.from("\n")]);
  let length = rest.length + String(rest.length).length;
  if (String(length).length > String(rest.length).length) length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** A tar of these entries, in their order; lazy: reads the next entry when the consumer asks. */
export function packEntries(entries: Iterable<TarInput> | AsyncIterable<TarInput>): ReadableStream<Uint8Array> {
  return toStream(packed(entries));
}

async function* packed(
  entries: Iterable<TarInput> | AsyncIterable<TarInput>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { header, body = new Uint8Array(0) } of entries) {
    const content = typeof body === "string" ? Buffer.from(body) : body;
    if (content instanceof Uint8Array) yield* packedBytes(header, content);
    else yield* packedStream(header, iterate(content));
  }
  yield tarEnd;
}

function* packedBytes(header: TarHeaderInit, bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  const size = header.size ?? bytes.length;
  if (size !== bytes.length) throw wrongSize(header, bytes.length);
  yield Buffer.concat([encodeTarHeader({ ...header, size }), bytes, tarPadding(size)]);
}

async function* packedStream(
  header: TarHeaderInit,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (header.size === undefined)
    throw new EngineError("internal", `size of ${JSON.stringify(header.path)} is not known`);
  yield encodeTarHeader(header);
  let size = 0;
  for await (const bytes of body) {
    size += bytes.length;
    if (size > header.size) throw wrongSize(header, size);
    yield bytes;
  }
  if (size !== header.size) throw wrongSize(header, size);
  yield tarPadding(size);
}

function wrongSize(header: TarHeaderInit, size: number): EngineError {
  return new EngineError("invalid", `${JSON.stringify(header.path)} has ${size} bytes instead of ${header.size}`);
}
