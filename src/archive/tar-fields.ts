/** Fields of one 512-byte header block (POSIX ustar, GNU tar's tar.h). */
import { EngineError } from "#core";
import { decodeName } from "#linux";

export const blockSize = 512;

/** Where each field lies: offset and length. */
export const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  linkName: [157, 100],
  uname: [265, 32],
  gname: [297, 32],
  devMajor: [329, 8],
  devMinor: [337, 8],
  prefix: [345, 155],
  starPrefix: [345, 131],
  gnuRealSize: [483, 12],
} as const satisfies Record<string, readonly [number, number]>;

export type Field = readonly [offset: number, length: number];
export const typeFlagOffset = 156;

/** Text up to the first NUL. */
export function textField(block: Uint8Array, [offset, length]: Field): string {
  let end = offset;
  while (end < offset + length && block[end] !== 0) end++;
  return end === offset ? "" : decodeName(block.subarray(offset, end));
}

/** Octal digits, or base-256 when the first bit is set. Empty is 0. @throws EngineError `invalid` */
export function numberField(block: Uint8Array, [offset, length]: Field): number {
  if (((block[offset] ?? 0) & 0x80) !== 0) return base256(block, offset, length);
  let value = 0;
  let at = offset;
  const end = offset + length;
  while (at < end && (block[at] === 0x20 || block[at] === 0)) at++;
  for (; at < end; at++) {
    const digit = (block[at] ?? 0) - 0x30;
    if (digit >= 0 && digit <= 7) value = value * 8 + digit;
    else if (block[at] === 0x20 || block[at] === 0) break;
    else throw new EngineError("invalid", `invalid tar header: bad number at byte ${offset}`);
  }
  return value;
}

/** Two's complement, big endian, the first bit being the mark. */
function base256(block: Uint8Array, offset: number, length: number): number {
  const first = block[offset] ?? 0;
  const negative = (first & 0x40) !== 0;
  let value = BigInt(negative ? first - 0x100 : first & 0x7f);
  for (let at = offset + 1; at < offset + length; at++) value = value * 256n + BigInt(block[at] ?? 0);
  const number = Number(value);
  if (!Number.isSafeInteger(number))
    throw new EngineError("invalid", `invalid tar header: number ${value} is too large`);
  return number;
}

/** POSIX sums unsigned bytes; some old writers summed signed ones. The field itself counts as spaces. */
export function checksumMatches(block: Uint8Array): boolean {
  const [offset, length] = fields.checksum;
  let unsigned = 0;
  let signed = 0;
  for (let at = 0; at < blockSize; at++) {
    const byte = at >= offset && at < offset + length ? 0x20 : (block[at] ?? 0);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const stored = numberField(block, fields.checksum);
  return stored === unsigned || stored === signed;
}

export function isZeroBlock(block: Uint8Array): boolean {
  for (let at = 0; at < blockSize; at++) if (block[at] !== 0) return false;
  return true;
}

/** Bytes up to the next block. */
export function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}
