/** What a forward message is made of (github.com/msgpack/msgpack/blob/master/spec.md). Bytes are written as a string: log text need not be UTF-8. */
export type MsgpackValue =
  | string
  | number
  | Uint8Array
  | EventTime
  | readonly MsgpackValue[]
  | { readonly [name: string]: MsgpackValue };

/** Fluentd's time with nanoseconds: extension type 0. */
export class EventTime {
  readonly seconds: number;
  readonly nanoseconds: number;

  constructor(seconds: number, nanoseconds: number) {
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
  }
}

export function encodeMsgpack(value: MsgpackValue): Buffer {
  const parts: Uint8Array[] = [];
  append(value, parts);
  return Buffer.concat(parts);
}

function append(value: MsgpackValue, parts: Uint8Array[]): void {
  if (typeof value === "string") return appendString(Buffer.from(value), parts);
  if (typeof value === "number") return void parts.push(integer(value));
  if (value instanceof Uint8Array) return appendString(value, parts);
  if (value instanceof EventTime) return void parts.push(eventTime(value));
  if (isList(value)) {
    parts.push(head(value.length, { fix: 0x90, fixMax: 15, long: 0xdc }));
    for (const item of value) append(item, parts);
    return;
  }
  const entries = Object.entries(value);
  parts.push(head(entries.length, { fix: 0x80, fixMax: 15, long: 0xde }));
  for (const [name, item] of entries) {
    append(name, parts);
    append(item, parts);
  }
}

function isList(value: MsgpackValue): value is readonly MsgpackValue[] {
  return Array.isArray(value);
}

function appendString(bytes: Uint8Array, parts: Uint8Array[]): void {
  parts.push(head(bytes.length, { fix: 0xa0, fixMax: 31, short: 0xd9, long: 0xda }), bytes);
}

interface HeadBytes {
  readonly fix: number;
  readonly fixMax: number;
  /** With one byte of length; only strings have it. */
  readonly short?: number;
  /** With two bytes; the next code has four. */
  readonly long: number;
}

function head(length: number, { fix, fixMax, short, long }: HeadBytes): Uint8Array {
  if (length <= fixMax) return Uint8Array.of(fix | length);
  if (short !== undefined && length < 2 ** 8) return Uint8Array.of(short, length);
  const isLong = length >= 2 ** 16;
  const bytes = Buffer.alloc(isLong ? 5 : 3);
  bytes[0] = isLong ? long + 1 : long;
  bytes.writeUIntBE(length, 1, isLong ? 4 : 2);
  return bytes;
}

/** 0 to 2^53. */
function integer(value: number): Uint8Array {
  if (value < 128) return Uint8Array.of(value);
  const bytes = Buffer.alloc(9);
  bytes[0] = 0xcf;
  bytes.writeBigUInt64BE(BigInt(value), 1);
  return bytes;
}

function eventTime({ seconds, nanoseconds }: EventTime): Uint8Array {
  const bytes = Buffer.alloc(10);
  bytes[0] = 0xd7;
  bytes.writeUInt32BE(seconds, 2);
  bytes.writeUInt32BE(nanoseconds, 6);
  return bytes;
}
