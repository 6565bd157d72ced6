import { lstatSync } from "node:fs";
import { constants } from "node:os";
import { bindLibc, check, cString, EINVAL, ENOENT, errno, long, SyscallError } from "./libc.ts";

const libc = bindLibc({
  mount: { args: ["ptr", "ptr", "ptr", "u64", "ptr"], returns: "i32" },
  umount2: { args: ["ptr", "i32"], returns: "i32" },
});
const mountSetattrCall = bindLibc({
  syscall: { args: ["i64", "i64", "ptr", "i64", "ptr", "i64"], returns: long },
}).syscall;

/** Flags of mount(2); the same on every architecture. */
export const mountFlags = {
  readonly: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  remount: 32,
  noatime: 1024,
  bind: 4096,
  recursive: 16384,
} as const;

const propagationFlags = { unbindable: 1 << 17, private: 1 << 18, slave: 1 << 19, shared: 1 << 20 } as const;

/** How mount events travel (mount_namespaces(7)); with `r` for the whole tree below. */
export type Propagation = keyof typeof propagationFlags | `r${keyof typeof propagationFlags}`;

export interface MountOptions {
  readonly source: string;
  readonly target: string;
  /** Kernel file system type: `tmpfs`, `proc`, `ext4`, … */
  readonly type: string;
  /** Or of {@link mountFlags}. */
  readonly flags?: number;
  /** Comma separated options of the file system. */
  readonly data?: string;
}

/** mount(2) of a new file system. @throws SyscallError */
export function mountFs(options: MountOptions): void {
  callMount({ ...options, flags: options.flags ?? 0 });
}

export interface TmpfsOptions {
  readonly sizeBytes?: number;
  /** Permission bits of the root; 0o1777 when absent. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Or of {@link mountFlags}; nosuid and nodev when absent. */
  readonly flags?: number;
}

export function mountTmpfs(target: string, options: TmpfsOptions = {}): void {
  const data = [`mode=${(options.mode ?? 0o1777).toString(8)}`];
  if (options.sizeBytes !== undefined) data.push(`size=${options.sizeBytes}`);
  if (options.uid !== undefined) data.push(`uid=${options.uid}`);
  if (options.gid !== undefined) data.push(`gid=${options.gid}`);
  const flags = options.flags ?? mountFlags.nosuid | mountFlags.nodev;
  mountFs({ source: "tmpfs", target, type: "tmpfs", flags, data: data.join(",") });
}

export interface BindOptions {
  /** Of the new mount only; what is mounted below keeps its own flags. */
  readonly readonly?: boolean;
  /** Takes along what is mounted below `source`. */
  readonly recursive?: boolean;
  /** Set on the new mount. */
  readonly propagation?: Propagation;
}

/** Makes `source` visible at `target`, which must exist and be of the same kind (file or directory). */
export function bindMount(source: string, target: string, options: BindOptions = {}): void {
  const recursive = options.recursive === true ? mountFlags.recursive : 0;
  callMount({ source, target, flags: mountFlags.bind | recursive });
  try {
    if (options.readonly === true) remountReadonly(target);
    if (options.propagation !== undefined) setPropagation(target, options.propagation);
  } catch (error) {
    unmount(target, { detach: true, ifMounted: true });
    throw error;
  }
}

/** Makes the mount at `target` read-only. Adds the flag and keeps the others; before Linux 5.12 a remount, which drops those it does not name: nosuid and nodev are set then. */
export function remountReadonly(target: string): void {
  const [mountSetattr, atCwd, attrReadonly, structBytes] = [442, -100, 1, 32];
  const attributes = BigUint64Array.of(BigInt(attrReadonly), 0n, 0n, 0n); // struct mount_attr: attr_set first
  const result = mountSetattrCall(mountSetattr, atCwd, cString(target), 0, attributes, structBytes);
  if (Number(result) === 0) return;
  const failure = errno();
  if (failure !== constants.errno.ENOSYS) throw new SyscallError("mount_setattr", failure, target);
  const keep = mountFlags.nosuid | mountFlags.nodev;
  callMount({ target, flags: mountFlags.remount | mountFlags.bind | mountFlags.readonly | keep });
}

/** Changes how mount events travel through the mount at `path`. */
export function setPropagation(path: string, propagation: Propagation): void {
  const recursive = propagation.startsWith("r");
  const name = (recursive ? propagation.slice(1) : propagation) as keyof typeof propagationFlags;
  callMount({ target: path, flags: propagationFlags[name] | (recursive ? mountFlags.recursive : 0) });
}

export interface UnmountOptions {
  /** MNT_DETACH: gone from the tree now, released when the last user ends. */
  readonly detach?: boolean;
  /** Answers false, instead of throwing, when `target` is no mount point or does not exist. */
  readonly ifMounted?: boolean;
}

/** True when a mount was taken away. Never follows a symbolic link at `target`. @throws SyscallError */
export function unmount(target: string, options: UnmountOptions = {}): boolean {
  const mntDetach = 2;
  const umountNofollow = 8;
  const flags = umountNofollow | (options.detach === true ? mntDetach : 0);
  if (libc.umount2(cString(target), flags) === 0) return true;
  const failure = errno();
  if (options.ifMounted === true && (failure === EINVAL || failure === ENOENT)) return false;
  throw new SyscallError("umount", failure, target);
}

/** True when another file system than the parent's starts at `path`; a bind mount within one file system is not seen. */
export function isMountPoint(path: string): boolean {
  const here = lstatSync(path, { throwIfNoEntry: false });
  if (here === undefined) return false;
  const parent = lstatSync(`${path}/..`);
  return here.dev !== parent.dev || here.ino === parent.ino;
}

export interface MountCall {
  readonly target: string;
  readonly flags: number;
  readonly source?: string;
  readonly type?: string;
  readonly data?: string | undefined;
}

/** mount(2); absent strings are passed as NULL. */
export function callMount({ target, flags, source, type, data }: MountCall): void {
  check(libc.mount(optional(source), cString(target), optional(type), flags, optional(data)), "mount", target);
}

function optional(text: string | undefined): Buffer | null {
  return text === undefined ? null : cString(text);
}
