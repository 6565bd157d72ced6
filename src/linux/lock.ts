import { closeSync, constants, openSync } from "node:fs";
import { FileDescriptor } from "./descriptor.ts";
import { bindLibc, EAGAIN, errno, SyscallError } from "./libc.ts";

const libc = bindLibc({ flock: { args: ["i32", "i32"], returns: "i32" } });

/**
 * Takes the exclusive flock(2) of a file, which is created when absent and never removed. Disposing, or the end of the
 * process, gives it back. Undefined when another holder has it. @throws SyscallError
 */
export function flockExclusive(path: string): FileDescriptor | undefined {
  const exclusiveNow = 2 | 4;
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  if (libc.flock(fd, exclusiveNow) === 0) return new FileDescriptor(fd);
  const failure = errno();
  closeSync(fd);
  if (failure === EAGAIN) return undefined;
  throw new SyscallError("flock", failure, path);
}
