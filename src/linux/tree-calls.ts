/**
 * The `…at` calls of the file system on names beneath an open directory. `name` is one component (no slash, not `.` or
 * `..`) and the directory a real descriptor: anything else is refused before the kernel sees it. None of these follows a
 * link that stands at the name. Descriptors are the caller's.
 */
import { constants } from "node:fs";
import { EngineError } from "#core";
import { bindLibc, check, long } from "./libc.ts";
import { componentBuffer as nameOf, decodeName, nameBuffer, openDescriptor as fdOf } from "./tree-names.ts";

const libc = bindLibc({
  openat: { args: ["i32", "ptr", "i32", "u32"], returns: "i32" },
  mkdirat: { args: ["i32", "ptr", "u32"], returns: "i32" },
  mknodat: { args: ["i32", "ptr", "u32", "u64"], returns: "i32" },
  symlinkat: { args: ["ptr", "i32", "ptr"], returns: "i32" },
  linkat: { args: ["i32", "ptr", "i32", "ptr", "i32"], returns: "i32" },
  unlinkat: { args: ["i32", "ptr", "i32"], returns: "i32" },
  renameat: { args: ["i32", "ptr", "i32", "ptr"], returns: "i32" },
  readlinkat: { args: ["i32", "ptr", "ptr", "u64"], returns: long },
  fchown: { args: ["i32", "u32", "u32"], returns: "i32" },
  fchmod: { args: ["i32", "u32"], returns: "i32" },
  chmod: { args: ["ptr", "u32"], returns: "i32" },
  fchownat: { args: ["i32", "ptr", "u32", "u32", "i32"], returns: "i32" },
  futimens: { args: ["i32", "ptr"], returns: "i32" },
  utimensat: { args: ["i32", "ptr", "ptr", "i32"], returns: "i32" },
  ftruncate: { args: ["i32", "i64"], returns: "i32" },
  pwrite: { args: ["i32", "ptr", "u64", "i64"], returns: long },
  write: { args: ["i32", "ptr", "u64"], returns: long },
  close: { args: ["i32"], returns: "i32" },
});

const atRemoveDir = 0x200;
const atSymlinkNoFollow = 0x100;
const oPath = 0x200000;
const oCloexec = 0x80000;

/** One name in one open directory. */
export interface NameAt {
  readonly directory: number;
  readonly name: string;
}

/** Opens with O_NOFOLLOW and O_CLOEXEC added; the caller closes. @throws SyscallError */
export function openAt(at: NameAt, flags: number, mode = 0): number {
  const all = flags | constants.O_NOFOLLOW | oCloexec;
  return check(libc.openat(fdOf(at.directory), nameOf(at.name), all, mode), "openat", at.name);
}

/** A new file, write only, mode 0600. @throws SyscallError `already_exists` */
export function createFileAt(directory: number, name: string): number {
  return openAt({ directory, name }, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
}

/** The directory of this name itself, readable. @throws SyscallError when it is none */
export function openDirectoryAt(directory: number, name: string): number {
  return openAt({ directory, name }, constants.O_RDONLY | constants.O_DIRECTORY);
}

export function closeDescriptor(descriptor: number): void {
  libc.close(fdOf(descriptor));
}

export function makeDirectoryAt(directory: number, name: string, mode: number): void {
  check(libc.mkdirat(fdOf(directory), nameOf(name), mode), "mkdirat", name);
}

/** `mode` with S_IFCHR, S_IFBLK or S_IFIFO; `device` from {@link makeDevice}. */
export function makeNodeAt(directory: number, name: string, mode: number, device: bigint): void {
  check(libc.mknodat(fdOf(directory), nameOf(name), mode, device), "mknodat", name);
}

/** glibc's makedev(3). */
export function makeDevice(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn);
}

export function makeSymlinkAt(target: string, directory: number, name: string): void {
  check(libc.symlinkat(nameBuffer(target), fdOf(directory), nameOf(name)), "symlinkat", name);
}

/** A hard link to the entry itself, also when that is a symlink. */
export function linkAt(existing: NameAt, directory: number, name: string): void {
  const [from, to] = [nameOf(existing.name), nameOf(name)];
  check(libc.linkat(fdOf(existing.directory), from, fdOf(directory), to, 0), "linkat", name);
}

export function unlinkAt(directory: number, name: string): void {
  check(libc.unlinkat(fdOf(directory), nameOf(name), 0), "unlinkat", name);
}

export function removeDirectoryAt(directory: number, name: string): void {
  check(libc.unlinkat(fdOf(directory), nameOf(name), atRemoveDir), "unlinkat", name);
}

export function renameAt(from: NameAt, to: NameAt): void {
  const [oldName, newName] = [nameOf(from.name), nameOf(to.name)];
  check(libc.renameat(fdOf(from.directory), oldName, fdOf(to.directory), newName), "renameat", from.name);
}

export function readLinkAt(directory: number, name: string): string {
  const buffer = Buffer.alloc(4096);
  const size = Number(libc.readlinkat(fdOf(directory), nameOf(name), buffer, buffer.length));
  return decodeName(buffer.subarray(0, check(size, "readlinkat", name)));
}

export function chownDescriptor(descriptor: number, uid: number, gid: number): void {
  check(libc.fchown(fdOf(descriptor), uid, gid), "fchown");
}

export function chmodDescriptor(descriptor: number, mode: number): void {
  check(libc.fchmod(fdOf(descriptor), mode), "fchmod");
}

export function chownAt(at: NameAt, uid: number, gid: number): void {
  check(libc.fchownat(fdOf(at.directory), nameOf(at.name), uid, gid, atSymlinkNoFollow), "fchownat", at.name);
}

/** Mode of anything but a symlink. Goes through a pinned descriptor, as fchmodat(2) itself follows links. */
export function chmodAt(at: NameAt, mode: number): void {
  const pinned = openAt(at, oPath);
  try {
    check(libc.chmod(Buffer.from(`/proc/self/fd/${pinned}\0`), mode), "chmod", at.name);
  } finally {
    libc.close(pinned);
  }
}

const times = new BigInt64Array(4);

/** Sets atime and mtime, nanoseconds since the epoch. */
export function setTimesDescriptor(descriptor: number, mtimeNs: bigint): void {
  fillTimes(mtimeNs);
  check(libc.futimens(fdOf(descriptor), times), "futimens");
}

export function setTimesAt(at: NameAt, mtimeNs: bigint): void {
  fillTimes(mtimeNs);
  check(libc.utimensat(fdOf(at.directory), nameOf(at.name), times, atSymlinkNoFollow), "utimensat", at.name);
}

function fillTimes(mtimeNs: bigint): void {
  const seconds = mtimeNs >= 0n ? mtimeNs / 1_000_000_000n : (mtimeNs - 999_999_999n) / 1_000_000_000n;
  times[0] = times[2] = seconds;
  times[1] = times[3] = mtimeNs - seconds * 1_000_000_000n;
}

export function truncateDescriptor(descriptor: number, size: number): void {
  check(libc.ftruncate(fdOf(descriptor), size), "ftruncate");
}

/** Writes all of it, at the file's position. @throws SyscallError `exhausted` on a full disk */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let rest = bytes; rest.length > 0;) {
    const written = check(Number(libc.write(fdOf(descriptor), rest, rest.length)), "write");
    if (written === 0) throw new EngineError("internal", "write took no bytes");
    if (written === rest.length) return;
    rest = rest.subarray(written);
  }
}

/** {@link writeAll} at an offset. */
export function writeAllAt(descriptor: number, bytes: Uint8Array, offset: number): void {
  for (let rest = bytes, at = offset; rest.length > 0;) {
    const written = check(Number(libc.pwrite(fdOf(descriptor), rest, rest.length, at)), "pwrite");
    if (written === 0) throw new EngineError("internal", "write took no bytes");
    rest = rest.subarray(written);
    at += written;
  }
}
