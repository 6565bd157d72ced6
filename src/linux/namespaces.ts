import { ptr, type Pointer } from "bun:ffi";
import { closeSync, openSync } from "node:fs";
import { addressOf, bindLibc, check, cString, errno, SyscallError } from "./libc.ts";
import { setPropagation, type Propagation } from "./mounts.ts";

const libc = bindLibc({
  unshare: { args: ["i32"], returns: "i32" },
  setns: { args: ["i32", "i32"], returns: "i32" },
  execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
});

/** Flags of unshare(2) and setns(2). */
export const cloneFlags = { fs: 0x200, newMount: 0x20000, newNetwork: 0x40000000 } as const;

/** unshare(2) of the calling thread. */
export function unshare(flags: number): void {
  check(libc.unshare(flags), "unshare");
}

/** setns(2) of the calling thread. */
export function setNamespace(fd: number, type: number): void {
  check(libc.setns(fd, type), "setns", String(fd));
}

/**
 * Gives the calling thread its own copy of the mount tree; what the host mounts later still arrives (`rslave`).
 * Other threads stay where they were, so {@link execve} must follow.
 */
export function unshareMountNamespace(propagation: Propagation = "rslave"): void {
  unshare(cloneFlags.newMount);
  setPropagation("/", propagation);
}

/**
 * Moves the calling thread into the mount namespace of a process. setns(2) refuses while other threads share the
 * working directory, hence CLONE_FS first. Root and working directory become those of that namespace.
 * {@link execve} must follow.
 */
export function joinMountNamespace(pid: number): void {
  const fd = openSync(`/proc/${pid}/ns/mnt`, "r");
  try {
    unshare(cloneFlags.fs);
    setNamespace(fd, cloneFlags.newMount);
  } finally {
    closeSync(fd);
  }
}

/**
 * Replaces this process: same pid, other program. All threads but the caller end; descriptors without close-on-exec
 * stay open. Returns only by throwing.
 * @throws SyscallError
 */
export function execve(path: string, argv: readonly string[], env: Readonly<Record<string, string>>): never {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const image = programImage(argv, variables);
  libc.execve(cString(path), image.memory, image.envAddress);
  throw new SyscallError("execve", errno(), path);
}

/** argv's pointers, env's pointers, then all strings in one buffer: passing it to the call keeps all of it alive. */
function programImage(argv: readonly string[], env: readonly string[]): { memory: Buffer; envAddress: Pointer } {
  const strings = [...argv, ...env].map(cString);
  const envOffset = (argv.length + 1) * 8;
  let offset = envOffset + (env.length + 1) * 8;
  const memory = Buffer.alloc(offset + strings.reduce((sum, text) => sum + text.length, 0));
  const base = addressOf(memory);
  for (const [index, text] of strings.entries()) {
    const slot = index < argv.length ? index * 8 : envOffset + (index - argv.length) * 8;
    memory.writeBigUInt64LE(base + BigInt(offset), slot);
    offset += text.copy(memory, offset);
  }
  return { memory, envAddress: ptr(memory, envOffset) };
}
