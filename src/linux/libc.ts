import { CString, dlopen, FFIType, ptr, read, type FFIFunction, type Library } from "bun:ffi";
import { constants } from "node:os";
import { EngineError, type ErrorCode } from "#core";

/** Binds libc symbols; each file of this folder binds just what it calls. */
export function bindLibc<T extends Record<string, FFIFunction>>(symbols: T): Library<T>["symbols"] {
  return dlopen("libc.so.6", symbols).symbols;
}

/** Return type of calls that answer `long` or `ssize_t`; wrap the result in Number(). */
export const long = FFIType.i64_fast;

const base = bindLibc({ __errno_location: { args: [], returns: "ptr" }, strerror: { args: ["i32"], returns: "ptr" } });

/** errno of the failed call just before; nothing may run in between. */
export function errno(): number {
  const location = base.__errno_location();
  if (location === null) throw new EngineError("internal", "libc gave no errno location");
  return read.i32(location);
}

/** NUL-terminated bytes of a path or string; keep the buffer referenced during the call. */
export function cString(text: string): Buffer {
  if (text.includes("\0")) throw new EngineError("invalid", `NUL byte in ${JSON.stringify(text)}`);
  return Buffer.from(`${text}\0`);
}

/** Address of a buffer for a struct that holds pointers. */
export function addressOf(buffer: NodeJS.TypedArray): bigint {
  return BigInt(ptr(buffer));
}

/** A system call that failed. `errno` is positive; `code` follows from it. */
export class SyscallError extends EngineError {
  readonly errno: number;
  readonly syscall: string;
  constructor(syscall: string, number: number, subject?: string) {
    const target = subject === undefined ? "" : ` ${JSON.stringify(subject)}`;
    super(codeOf(number), `${syscall}${target}: ${errnoText(number)}`);
    this.errno = number;
    this.syscall = syscall;
  }
}

/** Returns `result` unless it is negative. @throws SyscallError */
export function check(result: number, syscall: string, subject?: string): number {
  if (result < 0) throw new SyscallError(syscall, errno(), subject);
  return result;
}

export const {
  ENOENT,
  EEXIST,
  EINVAL,
  EPERM,
  EACCES,
  ENOSPC,
  ENOTEMPTY,
  EBUSY,
  ESRCH,
  ELOOP,
  EXDEV,
  EINTR,
  EAGAIN,
  ENOTDIR,
  EISDIR,
} = constants.errno;

const codes: Readonly<Record<number, ErrorCode>> = {
  [ENOENT]: "not_found",
  [ESRCH]: "not_found",
  [EEXIST]: "already_exists",
  [EBUSY]: "conflict",
  [ENOSPC]: "exhausted",
  [constants.errno.EDQUOT]: "exhausted",
  [constants.errno.EMFILE]: "exhausted",
  [constants.errno.ENFILE]: "exhausted",
  [constants.errno.ENOMEM]: "exhausted",
  [EPERM]: "forbidden",
  [EACCES]: "forbidden",
};

function codeOf(number: number): ErrorCode {
  return codes[number] ?? "internal";
}

function errnoText(number: number): string {
  const text = base.strerror(number);
  return text === null ? `errno ${number}` : new CString(text).toString().toLowerCase();
}
