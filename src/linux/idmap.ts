import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { EngineError } from "#core";
import { FileDescriptor } from "./descriptor.ts";
import { bindLibc, check, cString, EINVAL, EPERM, errno, long, SyscallError } from "./libc.ts";
import { setPropagation, unmount } from "./mounts.ts";

const openTreeCall = bindLibc({ syscall: { args: ["i64", "i64", "ptr", "i64"], returns: long } }).syscall;
const mountSetattrCall = bindLibc({
  syscall: { args: ["i64", "i64", "ptr", "i64", "ptr", "i64"], returns: long },
}).syscall;
const moveMountCall = bindLibc({
  syscall: { args: ["i64", "i64", "ptr", "i64", "ptr", "i64"], returns: long },
}).syscall;

/** System call numbers; the same on every architecture. */
const numbers = { openTree: 428, moveMount: 429, mountSetattr: 442 } as const;
const atCwd = -100;
const atEmptyPath = 0x1000;
const atRecursive = 0x8000;

export interface IdmappedBind {
  readonly source: string;
  /** Exists, and is of the same kind (file or directory). */
  readonly target: string;
  /** Name of the user namespace whose mapping is shown: on disk stand the ids of inside, outside those of outside. */
  readonly userNamespace: string;
  /** Takes along what is mounted below `source`. */
  readonly recursive: boolean;
}

/**
 * Bind mount through which the ids of `source` are seen as a user namespace maps them (mount_setattr(2),
 * MOUNT_ATTR_IDMAP): what its root writes is root's on disk. No file is touched.
 * @throws EngineError `unavailable` where kernel or file system cannot
 */
export function bindIdmapped(bind: IdmappedBind): void {
  using tree = cloneIdmapped(bind);
  const fromEmptyPath = 4;
  const moved = moveMountCall(numbers.moveMount, tree.fd, cString(""), atCwd, cString(bind.target), fromEmptyPath);
  check(Number(moved), "move_mount", bind.target);
}

/** @throws EngineError `unavailable` when the file system at `source` cannot be idmapped; nothing is mounted */
export function checkIdmapped(source: string, userNamespace: string): void {
  cloneIdmapped({ source, userNamespace, recursive: false })[Symbol.dispose]();
}

/** Calls `task` while `source` is idmapped at `target`, a directory. */
export function withIdmapped<T>(bind: IdmappedBind, task: () => T): T {
  bindIdmapped(bind);
  try {
    // A copy of a shared mount is its peer: what `task` mounts below the source would come and go with this one.
    setPropagation(bind.target, "rprivate");
    return task();
  } finally {
    unmount(bind.target, { detach: true, ifMounted: true });
  }
}

/** A copy of the mount, in no tree yet. @throws as {@link bindIdmapped} */
export function cloneIdmapped({ source, userNamespace, recursive }: Omit<IdmappedBind, "target">): FileDescriptor {
  const [clone, closeOnExec] = [1, 0o2000000];
  const below = recursive ? atRecursive : 0;
  const opened = Number(openTreeCall(numbers.openTree, atCwd, cString(source), clone | closeOnExec | below));
  if (opened < 0) throw refusal(errno(), "open_tree", source);
  const tree = new FileDescriptor(opened);
  try {
    idmap(tree.fd, source, { userNamespace, below });
    return tree;
  } catch (error) {
    tree[Symbol.dispose]();
    throw error;
  }
}

function idmap(tree: number, source: string, how: { readonly userNamespace: string; readonly below: number }): void {
  const namespace = openSync(how.userNamespace, "r");
  try {
    const attributeIdmap = 0x100000n;
    // struct mount_attr: attr_set, attr_clr, propagation, userns_fd
    const attributes = BigUint64Array.of(attributeIdmap, 0n, 0n, BigInt(namespace));
    const flags = atEmptyPath | how.below;
    const result = mountSetattrCall(numbers.mountSetattr, tree, cString(""), flags, attributes, attributes.byteLength);
    if (Number(result) < 0) throw refusal(errno(), "mount_setattr", source);
  } finally {
    closeSync(namespace);
  }
}

/** EINVAL says that the file system cannot, ENOSYS that the kernel cannot; EPERM, that it is idmapped already. */
function refusal(failure: number, syscall: string, source: string): EngineError {
  const cause = new SyscallError(syscall, failure, source);
  const incapable = [EINVAL, EPERM, constants.errno.ENOSYS, constants.errno.EOPNOTSUPP] as readonly number[];
  if (!incapable.includes(failure)) return cause;
  const what = failure === constants.errno.ENOSYS ? "this kernel" : `the file system of ${source}`;
  return new EngineError("unavailable", `user namespaces need idmapped mounts, which ${what} does not support`, {
    cause,
  });
}
