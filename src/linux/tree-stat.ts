import { constants } from "node:fs";
import { bindLibc, ENOENT, errno, SyscallError } from "./libc.ts";
import { componentBuffer, nameBuffer, openDescriptor } from "./tree-names.ts";

const libc = bindLibc({ statx: { args: ["i32", "ptr", "i32", "u32", "ptr"], returns: "i32" } });

const atSymlinkNoFollow = 0x100;
const atEmptyPath = 0x1000;
const basicStats = 0x7ff;
const mountId = 0x1000;
const buffer = new DataView(new ArrayBuffer(256));
const bytes = new Uint8Array(buffer.buffer);
const little = true;

export interface TreeStat {
  /** st_mode: type and permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Allocated bytes. */
  readonly allocated: number;
  readonly mtimeNs: bigint;
  readonly links: number;
  /** Inode number; unique together with `device`. */
  readonly inode: bigint;
  readonly device: string;
  readonly mountId: bigint;
  readonly devMajor: number;
  readonly devMinor: number;
}

/** The entry itself, links not followed. Undefined when there is none. @throws SyscallError */
export function statAt(directory: number, name: string): TreeStat | undefined {
  return callStat(openDescriptor(directory), componentBuffer(name), name);
}

/** What the descriptor stands for. @throws SyscallError */
export function statDescriptor(descriptor: number): TreeStat {
  const stat = callStat(openDescriptor(descriptor), nameBuffer(""), "");
  if (stat === undefined) throw new SyscallError("statx", ENOENT);
  return stat;
}

function callStat(directory: number, path: Buffer, name: string): TreeStat | undefined {
  if (libc.statx(directory, path, atSymlinkNoFollow | atEmptyPath, basicStats | mountId, bytes) !== 0) {
    const failure = errno();
    if (failure === ENOENT) return undefined;
    throw new SyscallError("statx", failure, name);
  }
  return decode();
}

/** struct statx (linux/stat.h); the layout is the same on every architecture. */
function decode(): TreeStat {
  return {
    links: buffer.getUint32(16, little),
    uid: buffer.getUint32(20, little),
    gid: buffer.getUint32(24, little),
    mode: buffer.getUint16(28, little),
    inode: buffer.getBigUint64(32, little),
    size: Number(buffer.getBigUint64(40, little)),
    allocated: Number(buffer.getBigUint64(48, little)) * 512,
    mtimeNs: buffer.getBigInt64(112, little) * 1_000_000_000n + BigInt(buffer.getUint32(120, little)),
    devMajor: buffer.getUint32(128, little),
    devMinor: buffer.getUint32(132, little),
    device: `${buffer.getUint32(136, little)}:${buffer.getUint32(140, little)}`,
    mountId: buffer.getBigUint64(144, little),
  };
}

export function isDirectory(stat: TreeStat | undefined): boolean {
  return stat !== undefined && (stat.mode & constants.S_IFMT) === constants.S_IFDIR;
}

export function isSymlink(stat: TreeStat | undefined): boolean {
  return stat !== undefined && (stat.mode & constants.S_IFMT) === constants.S_IFLNK;
}

/** Overlayfs's mark of a deleted name: a character device 0:0. */
export function isWhiteout(stat: TreeStat | undefined): boolean {
  if (stat === undefined || (stat.mode & constants.S_IFMT) !== constants.S_IFCHR) return false;
  return stat.devMajor === 0 && stat.devMinor === 0;
}
