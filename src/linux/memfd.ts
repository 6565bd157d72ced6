import { closeSync, fchmodSync, readFileSync, writeSync } from "node:fs";
import { FileDescriptor } from "./descriptor.ts";
import { bindLibc, cString, EINVAL, errno, SyscallError } from "./libc.ts";

const libc = bindLibc({
  memfd_create: { args: ["ptr", "u32"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
});

const closeOnExec = 0x1;
const allowSealing = 0x2;
/** Since Linux 6.3; hosts may demand it (vm.memfd_noexec). */
const executable = 0x10;

const addSeals = 1033;
/** F_SEAL_SEAL, _SHRINK, _GROW and _WRITE. */
const allSeals = 0xf;

/**
 * A copy of a program in memory that nobody can change any more (memfd_create(2), F_ADD_SEALS of fcntl(2)), to be executed
 * through /proc/<pid>/fd/<fd> while it is open. @throws SyscallError where the host forbids executable memory files
 */
export function sealedCopy(path: string, name: string): FileDescriptor {
  const content = readFileSync(path);
  const fd = memoryFile(name);
  try {
    for (let written = 0; written < content.length;) written += writeSync(fd, content, written);
    fchmodSync(fd, 0o555);
    if (libc.fcntl(fd, addSeals, allSeals) < 0) throw new SyscallError("fcntl F_ADD_SEALS", errno(), name);
    return new FileDescriptor(fd);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function memoryFile(name: string): number {
  const label = cString(name);
  const fd = libc.memfd_create(label, closeOnExec | allowSealing | executable);
  if (fd >= 0) return fd;
  const failure = errno();
  const plain = failure === EINVAL ? libc.memfd_create(label, closeOnExec | allowSealing) : -1;
  if (plain >= 0) return plain;
  throw new SyscallError("memfd_create", failure === EINVAL ? errno() : failure, name);
}
