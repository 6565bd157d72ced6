import { constants } from "node:os";
import { bindLibc, check, cString, errno, long, SyscallError } from "./libc.ts";

const libc = bindLibc({
  lgetxattr: { args: ["ptr", "ptr", "ptr", "u64"], returns: long },
  lsetxattr: { args: ["ptr", "ptr", "ptr", "u64", "i32"], returns: "i32" },
  llistxattr: { args: ["ptr", "ptr", "u64"], returns: long },
  lremovexattr: { args: ["ptr", "ptr"], returns: "i32" },
});

const { ENODATA, ENOTSUP, ERANGE } = constants.errno;
/** XATTR_SIZE_MAX and XATTR_LIST_MAX (linux/limits.h). */
const maxBytes = 65536;

/** Value of an extended attribute of the entry itself (links are not followed); undefined when it has none. */
export function getXattr(path: string, name: string): Buffer | undefined {
  const [target, key] = [cString(path), cString(name)];
  return grow((value, size) => Number(libc.lgetxattr(target, key, value, size)), "lgetxattr", path);
}

/** Names of all extended attributes; empty where the file system has none. */
export function listXattrs(path: string): string[] {
  const target = cString(path);
  const names = grow((list, size) => Number(libc.llistxattr(target, list, size)), "llistxattr", path);
  return names === undefined || names.length === 0 ? [] : names.toString("utf8", 0, names.length - 1).split("\0");
}

function grow(read: (buffer: Buffer, size: number) => number, syscall: string, path: string): Buffer | undefined {
  for (let buffer = Buffer.alloc(256); ; buffer = Buffer.alloc(maxBytes)) {
    const size = read(buffer, buffer.length);
    if (size >= 0) return buffer.subarray(0, size);
    const failure = errno();
    if (failure === ENODATA || failure === ENOTSUP) return undefined;
    if (failure !== ERANGE || buffer.length === maxBytes) throw new SyscallError(syscall, failure, path);
  }
}

/** Creates or replaces an attribute. @throws SyscallError */
export function setXattr(path: string, name: string, value: Uint8Array): void {
  // An empty view has no address to pass.
  const bytes = value.length === 0 ? Buffer.alloc(1) : value;
  check(libc.lsetxattr(cString(path), cString(name), bytes, value.length, 0), "lsetxattr", path);
}

/** False when the entry has no such attribute. */
export function removeXattr(path: string, name: string): boolean {
  if (libc.lremovexattr(cString(path), cString(name)) === 0) return true;
  const failure = errno();
  if (failure === ENODATA) return false;
  throw new SyscallError("lremovexattr", failure, path);
}
