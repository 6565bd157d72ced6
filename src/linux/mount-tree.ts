import { bindLibc, check, cString, long } from "./libc.ts";
import { FileDescriptor } from "./descriptor.ts";
import { nameBuffer, openDescriptor } from "./tree-names.ts";

const openTreeCall = bindLibc({ syscall: { args: ["i64", "i32", "ptr", "u32"], returns: long } }).syscall;
const moveMountCall = bindLibc({
  syscall: { args: ["i64", "i32", "ptr", "i32", "ptr", "u32"], returns: long },
}).syscall;
const setattrCall = bindLibc({ syscall: { args: ["i64", "i32", "ptr", "u32", "ptr", "u64"], returns: long } }).syscall;

/** System call numbers; the same on every architecture. */
const numbers = { openTree: 428, moveMount: 429, mountSetattr: 442 } as const;
/** linux/mount.h, linux/fcntl.h */
const flags = { clone: 1, closeOnExec: 0x80000, recursive: 0x8000, emptyPath: 0x1000 } as const;
const moveEmptyPaths = 0x44;
const atCwd = -100;
const attrReadonly = 1n;
/** MS_PRIVATE of mount(2) */
const propagationPrivate = 1n << 18n;

/**
 * A copy of the mount at `path`, with what is mounted below it unless `recursive` is false. It hangs in no tree: only the
 * descriptor names it, and it goes when that is closed, whatever happens to `path`. A link at the end is followed.
 * (open_tree(2), OPEN_TREE_CLONE) @throws SyscallError
 */
export function cloneMountTree(path: string, options: { readonly recursive?: boolean } = {}): FileDescriptor {
  const deep = options.recursive === false ? 0 : flags.recursive;
  const all = flags.clone | flags.closeOnExec | deep;
  return new FileDescriptor(
    check(Number(openTreeCall(numbers.openTree, atCwd, cString(path), all)), "open_tree", path),
  );
}

/** Makes a copied tree read-only, all of it. (mount_setattr(2), AT_RECURSIVE) @throws SyscallError */
export function setTreeReadonly(tree: FileDescriptor): void {
  setAttributes(tree, BigUint64Array.of(attrReadonly, 0n, 0n, 0n));
}

/** Ends what a copied tree shares with the mounts it was copied from. (mount_setattr(2), AT_RECURSIVE) @throws SyscallError */
export function setTreePrivate(tree: FileDescriptor): void {
  setAttributes(tree, BigUint64Array.of(0n, 0n, propagationPrivate, 0n));
}

/** @param attributes struct mount_attr: attr_set, attr_clr, propagation, userns_fd */
function setAttributes(tree: FileDescriptor, attributes: BigUint64Array): void {
  const how = flags.emptyPath | flags.recursive;
  const size = attributes.byteLength;
  check(Number(setattrCall(numbers.mountSetattr, tree.fd, nameBuffer(""), how, attributes, size)), "mount_setattr");
}

/**
 * Mounts a copied tree on what `target` stands for (an O_PATH descriptor): no path is looked up again, so nobody can
 * swap it. The kinds, file or directory, must agree. (move_mount(2)) @throws SyscallError
 */
export function attachMountTree(tree: FileDescriptor, target: number): void {
  const none = nameBuffer("");
  const moved = moveMountCall(numbers.moveMount, tree.fd, none, openDescriptor(target), none, moveEmptyPaths);
  check(Number(moved), "move_mount");
}
