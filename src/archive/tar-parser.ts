import { EngineError } from "#core";
import { decodeName } from "#linux";
import { blockSize, fields, isZeroBlock, numberField, paddingOf } from "./tar-fields.ts";
import { applyPax, checkId, entryType, parseHeader, type Overrides, type RawHeader } from "./tar-header.ts";
import { parsePax, paxText, type PaxRecords } from "./tar-pax.ts";
import { bodyMap, checkRegions, gnuRegions, paxSparse, type PaxSparse } from "./tar-sparse.ts";
import type { ArchiveLimits, SparseRegion, TarHeader } from "./types.ts";

/** Receives what a {@link TarParser} finds: `entry`, its stored bytes in pieces, `end`; then the next. */
export interface TarSink {
  entry(header: TarHeader): void;
  /** Of a sparse file: the stored runs one after the other. The piece is valid during the call only. */
  data(bytes: Uint8Array): void;
  end(): void;
}

/**
 * A tar in pieces of any size. Synchronous: 600 MB pass in tenths of a second, as nothing is copied but what straddles
 * two pieces. Reads ustar, pax, GNU, old GNU sparse, star and version 7. @throws EngineError `invalid`, `exhausted`
 */
export class TarParser {
  readonly #sink: TarSink;
  readonly #limits: Required<ArchiveLimits>;
  readonly #global: { overrides: Overrides; xattrs: Map<string, Uint8Array> } = { overrides: {}, xattrs: new Map() };
  #local: PaxRecords = [];
  #long: Overrides = {};
  #bodyLeft = 0;
  #skip = 0;
  #want = blockSize;
  #then: (bytes: Uint8Array) => void = (bytes) => this.#header(bytes);
  #partial: Uint8Array | undefined;
  #have = 0;
  #zeroBlocks = 0;
  #ended = false;
  entries = 0;
  size = 0;

  constructor(sink: TarSink, limits: Required<ArchiveLimits>) {
    this.#sink = sink;
    this.#limits = limits;
  }

  push(chunk: Uint8Array): void {
    this.size += chunk.length;
    if (this.size > this.#limits.maxBytes) throw tooMuch(`archive is larger than ${this.#limits.maxBytes} bytes`);
    for (let at = 0; at < chunk.length;) at = this.#step(chunk, at);
  }

  /**
   * Says that no more comes. The padding of the last entry may lack, as in the contexts of a docker CLI that was given a
   * Dockerfile from elsewhere. @throws EngineError `invalid` in the middle of an entry
   */
  finish(): void {
    const between = this.#bodyLeft === 0 && this.#skip < blockSize && this.#have === 0 && this.#want === blockSize;
    if (this.#ended || (between && this.#local.length === 0)) return;
    throw new EngineError("invalid", "unexpected end of archive");
  }

  #step(chunk: Uint8Array, at: number): number {
    if (this.#ended) return chunk.length;
    if (this.#bodyLeft > 0) return this.#passBody(chunk, at);
    if (this.#skip === 0) return this.#collect(chunk, at);
    const count = Math.min(this.#skip, chunk.length - at);
    this.#skip -= count;
    return at + count;
  }

  #passBody(chunk: Uint8Array, at: number): number {
    const count = Math.min(this.#bodyLeft, chunk.length - at);
    this.#bodyLeft -= count;
    this.#sink.data(count === chunk.length ? chunk : chunk.subarray(at, at + count));
    if (this.#bodyLeft === 0) this.#sink.end();
    return at + count;
  }

  #collect(chunk: Uint8Array, at: number): number {
    if (this.#have === 0 && chunk.length - at >= this.#want) {
      const end = at + this.#want;
      this.#took(chunk.subarray(at, end));
      return end;
    }
    const partial = (this.#partial ??= new Uint8Array(this.#want));
    const count = Math.min(this.#want - this.#have, chunk.length - at);
    partial.set(chunk.subarray(at, at + count), this.#have);
    this.#have += count;
    if (this.#have === this.#want) {
      this.#have = 0;
      this.#partial = undefined;
      this.#took(partial);
    }
    return at + count;
  }

  #took(bytes: Uint8Array): void {
    const then = this.#then;
    this.#await(blockSize, (block) => this.#header(block));
    then(bytes);
  }

  #await(want: number, then: (bytes: Uint8Array) => void): void {
    this.#want = want;
    this.#then = then;
  }

  #header(block: Uint8Array): void {
    if (isZeroBlock(block)) {
      this.#ended = ++this.#zeroBlocks === 2;
      return;
    }
    if (this.#zeroBlocks > 0)
      throw new EngineError("invalid", "invalid tar header: entry after the end of the archive");
    const raw = parseHeader(block);
    if (raw.size < 0)
      throw new EngineError("invalid", `invalid tar header: negative size of ${JSON.stringify(raw.path)}`);
    if (isMeta(raw.flag)) this.#awaitMeta(raw);
    else if (raw.flag === "S") this.#gnuSparse(raw, block);
    else this.#entry(raw);
  }

  #awaitMeta(raw: RawHeader): void {
    if (raw.size > this.#limits.maxHeaderBytes) {
      throw tooMuch(`extended tar header of ${raw.size} bytes is larger than ${this.#limits.maxHeaderBytes}`);
    }
    if (raw.size === 0) return;
    this.#await(raw.size + paddingOf(raw.size), (bytes) => this.#meta(raw.flag, bytes.subarray(0, raw.size)));
  }

  #meta(flag: string, bytes: Uint8Array): void {
    if (flag === "g") applyPax(parsePax(bytes), this.#global.overrides, this.#global.xattrs);
    else if (flag === "x" || flag === "X") this.#local = parsePax(bytes);
    else if (flag === "L") this.#long.path = longName(bytes);
    else if (flag === "K") this.#long.linkPath = longName(bytes);
  }

  /** Old GNU: four pairs in the header, then blocks of 21. */
  #gnuSparse(raw: RawHeader, block: Uint8Array): void {
    const size = numberField(block, fields.gnuRealSize);
    const regions = gnuRegions(block, 386, 4);
    if (block[482] === 1) this.#awaitGnuExtension(raw, size, regions);
    else this.#entry(raw, { size, regions });
  }

  #awaitGnuExtension(raw: RawHeader, size: number, regions: SparseRegion[]): void {
    this.#await(blockSize, (block) => {
      regions.push(...gnuRegions(block, 0, 21));
      if (regions.length * 24 > this.#limits.maxHeaderBytes) throw tooMuch("map of a sparse file is too long");
      if (block[504] === 1) this.#awaitGnuExtension(raw, size, regions);
      else this.#entry(raw, { size, regions });
    });
  }

  #entry(raw: RawHeader, gnu?: { readonly size: number; readonly regions: readonly SparseRegion[] }): void {
    if (++this.entries > this.#limits.maxEntries)
      throw tooMuch(`archive has more than ${this.#limits.maxEntries} entries`);
    const overrides: Overrides = { ...this.#global.overrides, ...this.#long };
    const xattrs = new Map(this.#global.xattrs);
    const sparse = this.#local.length > 0 ? paxSparse(this.#local) : undefined;
    applyPax(this.#local, overrides, xattrs);
    this.#local = [];
    this.#long = {};
    if (sparse?.name) overrides.path = paxText("GNU.sparse.name", sparse.name);
    const header = this.#headerOf({ ...raw, ...overrides }, xattrs);
    if (raw.flag === "D") this.#skip = header.size + paddingOf(header.size);
    if (header.type !== "file") return this.#begin({ ...header, size: 0 }, 0);
    if (gnu) return this.#beginSparse(header, gnu.size, gnu.regions);
    if (sparse?.mapInBody) return this.#awaitBodyMap(header, sparse, new Uint8Array(0));
    if (sparse?.map) return this.#beginSparse(header, sparse.size ?? header.size, sparse.map);
    return this.#begin(header, header.size);
  }

  #headerOf(raw: RawHeader, xattrs: ReadonlyMap<string, Uint8Array>): TarHeader {
    const type = entryType(raw, raw.path);
    const linkPath = type === "hardlink" || type === "symlink" ? raw.linkPath : "";
    this.#checkPath(raw.path);
    this.#checkPath(linkPath);
    const path = stripSlashes(raw.path);
    if (path === "" && !raw.path.startsWith("/"))
      throw new EngineError("invalid", "invalid tar header: entry without a name");
    const { flag: _flag, ...rest } = raw;
    return {
      ...rest,
      path: path || ".",
      type,
      linkPath,
      uid: checkId(raw.uid, path),
      gid: checkId(raw.gid, path),
      xattrs,
    };
  }

  #checkPath(path: string): void {
    // A UTF-16 unit is at most three bytes: short paths need no count.
    const { maxPathBytes, maxDepth } = this.#limits;
    if (path.length * 3 > maxPathBytes && Buffer.byteLength(path) > maxPathBytes) {
      throw new EngineError("invalid", `path in archive is longer than ${maxPathBytes} bytes: ${path.slice(0, 80)}…`);
    }
    if (path.length > maxDepth && path.split("/").length > maxDepth) {
      throw new EngineError("invalid", `path in archive is deeper than ${maxDepth} directories: ${path.slice(0, 80)}…`);
    }
  }

  /** Version 1.0 of GNU.sparse: the map is the first blocks of the body. */
  #awaitBodyMap(header: TarHeader, sparse: PaxSparse, seen: Uint8Array): void {
    if (seen.length + blockSize > Math.min(header.size, this.#limits.maxHeaderBytes))
      throw tooMuch("map of a sparse file is too long");
    this.#await(blockSize, (block) => {
      const bytes = Buffer.concat([seen, block]);
      const map = bodyMap(bytes);
      if (map === undefined) this.#awaitBodyMap(header, sparse, bytes);
      else this.#beginSparse({ ...header, size: header.size - bytes.length }, sparse.size ?? 0, map);
    });
  }

  #beginSparse(header: TarHeader, size: number, regions: readonly SparseRegion[]): void {
    if (size > this.#limits.maxSparseBytes)
      throw tooMuch(`sparse file of ${size} bytes is larger than ${this.#limits.maxSparseBytes}`);
    checkRegions(regions, size, header.size);
    const sparse = regions.filter((region) => region.length > 0);
    this.#begin({ ...header, size, sparse }, header.size);
  }

  #begin(header: TarHeader, stored: number): void {
    this.#sink.entry(header);
    this.#bodyLeft = stored;
    this.#skip += paddingOf(stored);
    if (stored === 0) this.#sink.end();
  }
}

function isMeta(flag: string): boolean {
  return flag === "x" || flag === "g" || flag === "X" || flag === "L" || flag === "K" || flag === "V";
}

function longName(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeName(end < 0 ? bytes : bytes.subarray(0, end));
}

function stripSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path.charCodeAt(end - 1) === 0x2f) end--;
  return path.slice(0, end);
}

function tooMuch(message: string): EngineError {
  return new EngineError("exhausted", message);
}
