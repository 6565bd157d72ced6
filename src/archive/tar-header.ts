import { EngineError } from "#core";
import { checksumMatches, fields, numberField, textField, typeFlagOffset } from "./tar-fields.ts";
import { paxNumber, paxText, paxTime, type PaxRecords } from "./tar-pax.ts";
import type { TarEntryType, TarHeader } from "./types.ts";

/** A header block as it stands, before extended headers have their say. */
export interface RawHeader {
  readonly flag: string;
  readonly path: string;
  /** Bytes that follow. */
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly linkPath: string;
  readonly uname: string;
  readonly gname: string;
  readonly devMajor: number;
  readonly devMinor: number;
}

/** @throws EngineError `invalid` */
export function parseHeader(block: Uint8Array): RawHeader {
  if (!checksumMatches(block)) throw new EngineError("invalid", "invalid tar header: checksum does not match");
  const magic = Buffer.from(block.buffer, block.byteOffset + 257, 8).toString("latin1");
  const posix = magic.startsWith("ustar\0");
  const star = posix && Buffer.from(block.buffer, block.byteOffset + 508, 4).toString("latin1") === "tar\0";
  const prefix = posix ? textField(block, star ? fields.starPrefix : fields.prefix) : "";
  const name = textField(block, fields.name);
  const known = magic.startsWith("ustar");
  return {
    flag: String.fromCharCode(block[typeFlagOffset] ?? 0),
    path: prefix === "" ? name : `${prefix}/${name}`,
    size: numberField(block, fields.size),
    mode: numberField(block, fields.mode) & 0o7777,
    uid: numberField(block, fields.uid),
    gid: numberField(block, fields.gid),
    mtimeNs: BigInt(numberField(block, fields.mtime)) * 1_000_000_000n,
    linkPath: textField(block, fields.linkName),
    uname: known ? textField(block, fields.uname) : "",
    gname: known ? textField(block, fields.gname) : "",
    devMajor: known ? numberField(block, fields.devMajor) : 0,
    devMinor: known ? numberField(block, fields.devMinor) : 0,
  };
}

const types: Readonly<Record<string, TarEntryType>> = {
  "\0": "file",
  "0": "file",
  "7": "file",
  S: "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "char",
  "4": "block",
  "5": "directory",
  D: "directory",
  "6": "fifo",
};

export function entryType(raw: RawHeader, path: string): TarEntryType {
  const type = types[raw.flag];
  if (type === undefined)
    throw new EngineError(
      "invalid",
      `unsupported tar entry type ${JSON.stringify(raw.flag)} of ${JSON.stringify(path)}`,
    );
  // Version 7 had no type for directories.
  return type === "file" && raw.flag !== "S" && path.endsWith("/") ? "directory" : type;
}

/** Overrides of one entry, from pax records and GNU long names. */
export type Overrides = { -readonly [K in keyof Omit<TarHeader, "xattrs" | "type" | "sparse">]?: TarHeader[K] };

const xattrPrefix = "SCHILY.xattr.";

/** What records say; an empty value takes an earlier one back (POSIX pax, "Extended Header Keyword Precedence"). */
export function applyPax(records: PaxRecords, into: Overrides, xattrs: Map<string, Uint8Array>): void {
  for (const [key, value] of records) {
    if (key.startsWith(xattrPrefix)) xattrs.set(xattrName(key), value);
    else applyRecord(key, value, into);
  }
}

function xattrName(key: string): string {
  const name = key.slice(xattrPrefix.length);
  if (name === "" || name.includes("\0") || Buffer.byteLength(name) > 255) {
    throw new EngineError("invalid", `invalid tar header: bad xattr name ${JSON.stringify(name.slice(0, 300))}`);
  }
  return name;
}

function applyRecord(key: string, value: Uint8Array, into: Overrides): void {
  const field = paxFields[key];
  if (field === undefined) return;
  if (value.length === 0) delete into[field];
  else if (field === "mtimeNs") into.mtimeNs = paxTime(key, value);
  else if (field === "size" || field === "uid" || field === "gid") into[field] = paxNumber(key, value);
  else into[field] = paxText(key, value);
}

const paxFields: Readonly<
  Record<string, "path" | "linkPath" | "size" | "uid" | "gid" | "uname" | "gname" | "mtimeNs">
> = {
  path: "path",
  linkpath: "linkPath",
  size: "size",
  uid: "uid",
  gid: "gid",
  uname: "uname",
  gname: "gname",
  mtime: "mtimeNs",
};

/** Ids the kernel can set; the largest means "leave it" to chown(2). @throws EngineError `invalid` */
export function checkId(id: number, path: string): number {
  if (id >= 0 && id < 0xffff_ffff) return id;
  throw new EngineError("invalid", `invalid owner ${id} of ${JSON.stringify(path)}`);
}
