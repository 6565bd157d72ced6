import { constants } from "node:os";
import { bindLibc, check, errno, long, SyscallError } from "./libc.ts";
import type { NameAt } from "./tree-calls.ts";
import { componentBuffer, decodeName, nameBuffer, openDescriptor } from "./tree-names.ts";

const libc = bindLibc({
  fsetxattr: { args: ["i32", "ptr", "ptr", "u64", "i32"], returns: "i32" },
  lsetxattr: { args: ["ptr", "ptr", "ptr", "u64", "i32"], returns: "i32" },
  lgetxattr: { args: ["ptr", "ptr", "ptr", "u64"], returns: long },
  llistxattr: { args: ["ptr", "ptr", "u64"], returns: long },
  fgetxattr: { args: ["i32", "ptr", "ptr", "u64"], returns: long },
  flistxattr: { args: ["i32", "ptr", "u64"], returns: long },
});

const { ENODATA, ENOTSUP } = constants.errno;
/** XATTR_SIZE_MAX and XATTR_LIST_MAX (linux/limits.h); one buffer per thread. */
const buffer = Buffer.alloc(65536);

/** Creates or replaces an attribute of an open file or directory (not O_PATH). @throws SyscallError */
export function setXattrDescriptor(descriptor: number, name: string, value: Uint8Array): void {
  check(
    libc.fsetxattr(openDescriptor(descriptor), nameBuffer(name), bytesOf(value), value.length, 0),
    "fsetxattr",
    name,
  );
}

/** {@link setXattrDescriptor} of an entry itself, links not followed. */
export function setXattrAt(at: NameAt, name: string, value: Uint8Array): void {
  check(libc.lsetxattr(pathOf(at), nameBuffer(name), bytesOf(value), value.length, 0), "lsetxattr", name);
}

/** Attributes of an entry itself, sorted by name; empty where the file system has none. @throws SyscallError */
export function readXattrsAt(at: NameAt): Map<string, Uint8Array> {
  return readXattrs(pathOf(at), at.name);
}

/** {@link readXattrsAt} of an open directory. */
export function readXattrsDescriptor(descriptor: number): Map<string, Uint8Array> {
  return readXattrs(Buffer.from(`/proc/self/fd/${openDescriptor(descriptor)}/.\0`), "");
}

/** {@link readXattrsAt} of an open file (not O_PATH). */
export function readXattrsFile(descriptor: number): Map<string, Uint8Array> {
  const file = openDescriptor(descriptor);
  const list = Number(libc.flistxattr(file, buffer, buffer.length));
  return collect(list, "flistxattr", "", (name) =>
    Number(libc.fgetxattr(file, nameBuffer(name), buffer, buffer.length)),
  );
}

function readXattrs(path: Buffer, subject: string): Map<string, Uint8Array> {
  const list = Number(libc.llistxattr(path, buffer, buffer.length));
  return collect(list, "llistxattr", subject, (name) =>
    Number(libc.lgetxattr(path, nameBuffer(name), buffer, buffer.length)),
  );
}

/** @param size of the list of names, which is in the buffer; or what failed just before */
function collect(size: number, call: string, subject: string, get: (name: string) => number): Map<string, Uint8Array> {
  if (size === 0 || (size < 0 && isUnsupported())) return new Map();
  const names = decodeName(buffer.subarray(0, check(size, call, subject) - 1)).split("\0");
  return new Map(names.toSorted().flatMap((name) => valueOf(name, get(name))));
}

function valueOf(name: string, size: number): [string, Uint8Array][] {
  if (size >= 0) return [[name, Uint8Array.from(buffer.subarray(0, size))]];
  const failure = errno();
  if (failure === ENODATA) return [];
  throw new SyscallError("getxattr", failure, name);
}

function isUnsupported(): boolean {
  return errno() === ENOTSUP;
}

/** There is no lsetxattrat before Linux 6.13: the pinned directory is named through /proc. */
function pathOf(at: NameAt): Buffer {
  const directory = Buffer.from(`/proc/self/fd/${openDescriptor(at.directory)}/`);
  return Buffer.concat([directory, componentBuffer(at.name)]);
}

/** An empty view has no address to pass. */
function bytesOf(value: Uint8Array): Uint8Array {
  return value.length === 0 ? new Uint8Array(1) : value;
}
