/** Extended headers: `length key=value\n` records (POSIX pax). */
import { EngineError } from "#core";
import { decodeName } from "#linux";

/** Records of one header, in order; keys may repeat (GNU.sparse.offset does). Values are bytes. */
export type PaxRecords = readonly (readonly [key: string, value: Uint8Array])[];

/** @throws EngineError `invalid` */
export function parsePax(bytes: Uint8Array): PaxRecords {
  const records: [string, Uint8Array][] = [];
  for (let at = 0; at < bytes.length;) {
    // Some writers pad with NULs.
    if (bytes[at] === 0) break;
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 || space - at > 10 ? Number.NaN : parseDecimal(bytes.subarray(at, space));
    const end = at + length;
    const equals = bytes.indexOf(0x3d, space + 1);
    if (!(end <= bytes.length) || equals < 0 || equals >= end - 1 || equals === space + 1 || bytes[end - 1] !== 0x0a) {
      throw new EngineError("invalid", `invalid tar header: bad pax record at byte ${at}`);
    }
    records.push([decodeName(bytes.subarray(space + 1, equals)), bytes.slice(equals + 1, end - 1)]);
    at = end;
  }
  return records;
}

function parseDecimal(bytes: Uint8Array): number {
  const text = Buffer.from(bytes).toString("latin1");
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

/** A count of a pax record. @throws EngineError `invalid` */
export function paxNumber(key: string, value: Uint8Array): number {
  const number = parseDecimal(value);
  if (!Number.isSafeInteger(number)) throw badValue(key, value);
  return number;
}

/** @throws EngineError `invalid` for text with NUL */
export function paxText(key: string, value: Uint8Array): string {
  if (value.includes(0)) throw badValue(key, value);
  return decodeName(value);
}

/** Seconds with any fraction, to nanoseconds; finer digits are dropped towards the past. @throws EngineError `invalid` */
export function paxTime(key: string, value: Uint8Array): bigint {
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(Buffer.from(value).toString("latin1"));
  if (match === null) throw badValue(key, value);
  const [, sign, seconds = "0", fraction = ""] = match;
  const ns = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  return sign === "-" ? -ns : ns;
}

function badValue(key: string, value: Uint8Array): EngineError {
  const text = Buffer.from(value.subarray(0, 100)).toString("latin1");
  return new EngineError("invalid", `invalid tar header: bad pax value ${key}=${JSON.stringify(text)}`);
}
