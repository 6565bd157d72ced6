/** Maps of sparse files: GNU.sparse 0.0, 0.1 and 1.0 in pax, and the old GNU header type `S`. */
import { EngineError } from "#core";
import { paxNumber, type PaxRecords } from "./tar-pax.ts";
import { numberField } from "./tar-fields.ts";
import type { SparseRegion } from "./types.ts";

/** What the pax records of an entry say about its holes. */
export interface PaxSparse {
  readonly name?: Uint8Array;
  readonly size?: number;
  /** Version 1.0 has it in front of the body instead. */
  readonly map?: readonly SparseRegion[];
  readonly mapInBody: boolean;
}

export function paxSparse(records: PaxRecords): PaxSparse | undefined {
  const last = new Map(records);
  const major = last.get("GNU.sparse.major");
  const size = last.get("GNU.sparse.realsize") ?? last.get("GNU.sparse.size");
  if (size === undefined && major === undefined) return undefined;
  const name = last.get("GNU.sparse.name");
  const mapInBody = major !== undefined && paxNumber("GNU.sparse.major", major) === 1;
  return {
    mapInBody,
    ...(name && { name }),
    ...(size && { size: paxNumber("GNU.sparse.size", size) }),
    ...(!mapInBody && { map: listedMap(records, last.get("GNU.sparse.map")) }),
  };
}

function listedMap(records: PaxRecords, listed: Uint8Array | undefined): SparseRegion[] {
  if (listed !== undefined) return pairs(Buffer.from(listed).toString("latin1").split(","));
  const numbers = records.filter(([key]) => key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes");
  return pairs(numbers.map(([, value]) => Buffer.from(value).toString("latin1")));
}

function pairs(numbers: readonly string[]): SparseRegion[] {
  if (numbers.length === 1 && numbers[0] === "") return [];
  const regions: SparseRegion[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    const [offset, length] = [numbers[at], numbers[at + 1]];
    if (offset === undefined || length === undefined || !/^\d+$/.test(offset) || !/^\d+$/.test(length)) throw badMap();
    regions.push({ offset: Number(offset), length: Number(length) });
  }
  return regions;
}

/** The map of version 1.0, when these first blocks of the body hold all of it; undefined when more are needed. */
export function bodyMap(bytes: Uint8Array): SparseRegion[] | undefined {
  const lines = Buffer.from(bytes).toString("latin1").split("\n");
  const count = lines[0] ?? "";
  if (lines.length === 1) {
    if (count.length > 20) throw badMap();
    return undefined;
  }
  if (!/^\d{1,9}$/.test(count)) throw badMap();
  const needed = 1 + Number(count) * 2;
  return lines.length <= needed ? undefined : pairs(lines.slice(1, needed));
}

/** Pairs of an old GNU header or of one of its extension blocks; an empty pair ends them. */
export function gnuRegions(block: Uint8Array, offset: number, count: number): SparseRegion[] {
  const regions: SparseRegion[] = [];
  for (let at = offset; at < offset + count * 24; at += 24) {
    if (block[at] === 0) break;
    regions.push({ offset: numberField(block, [at, 12]), length: numberField(block, [at + 12, 12]) });
  }
  return regions;
}

/** Regions ascend, do not overlap, lie inside the file and hold exactly the stored bytes. @throws EngineError `invalid` */
export function checkRegions(regions: readonly SparseRegion[], size: number, stored: number): void {
  let end = 0;
  let sum = 0;
  for (const { offset, length } of regions) {
    if (!Number.isSafeInteger(offset) || offset < end || length < 0 || !(offset + length <= size)) throw badMap();
    end = offset + length;
    sum += length;
  }
  if (sum !== stored) throw badMap();
}

function badMap(): EngineError {
  return new EngineError("invalid", "invalid tar header: bad map of a sparse file");
}
