import { constants, openSync } from "node:fs";
import { constants as os } from "node:os";
import { EngineError } from "#core";
import { bindLibc, EEXIST, ELOOP, ENOENT, ENOTDIR, errno, EXDEV, long, SyscallError } from "./libc.ts";
import { chmodAt, chownAt, closeDescriptor, makeDirectoryAt, readLinkAt, type NameAt } from "./tree-calls.ts";
import { nameBuffer, openDescriptor } from "./tree-names.ts";
import { cleanPath, splitPath } from "./tree-path.ts";
import { isSymlink, statAt } from "./tree-stat.ts";

const libc = bindLibc({ syscall: { args: ["i64", "i32", "ptr", "ptr", "u64"], returns: long } });
const openat2 = 437;
const oPath = 0x200000n;
const oCloexec = 0x80000n;
/** linux/openat2.h */
const resolve = { noMagicLinks: 2n, noSymlinks: 4n, beneath: 8n, inRoot: 16n } as const;
const how = new BigUint64Array(3);
const maxHops = 40;
const maxCached = 64;
const maxPath = 4095;

export interface MakeParents {
  /** Who made directories belong to; root without. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Called where an entry that is neither directory nor link stands in the way; true when a directory stands there now. */
  readonly replace?: (at: NameAt) => boolean;
}

/**
 * A directory of the host that nothing done through it can leave. The kernel resolves every path beneath it (openat2,
 * RESOLVE_IN_ROOT: absolute links and `..` stop at this root; no magic links). Holds the root and some directories open.
 */
export class TreeRoot implements Disposable {
  #root: number;
  readonly #cache = new Map<string, number>();

  constructor(path: string) {
    if (!path.startsWith("/")) throw new EngineError("invalid", `root ${JSON.stringify(path)} is not an absolute path`);
    this.#root = openSync(path, Number(oPath) | constants.O_DIRECTORY);
  }

  /** O_PATH descriptor of the root; borrowed. */
  get descriptor(): number {
    return openDescriptor(this.#root);
  }

  /**
   * O_PATH descriptor of the directory at a clean relative path (empty: the root), links followed inside the root.
   * Borrowed: valid until `forget`, or until some 60 other directories were asked for. @throws SyscallError
   */
  directory(path: string): number {
    if (path === "") return this.descriptor;
    const cached = this.#cache.get(path);
    if (cached === undefined) return this.#remember(path, this.#open(path, 0n, resolve.inRoot));
    this.#cache.delete(path);
    this.#cache.set(path, cached);
    return cached;
  }

  /** {@link directory}, undefined when it is not there (or a part of the path is no directory). */
  findDirectory(path: string): number | undefined {
    try {
      return this.directory(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** {@link directory}, made with its parents (0755, root) where missing; a dangling link gets its target made, inside the root. */
  makeDirectories(path: string, options: MakeParents = {}): number {
    return this.findDirectory(path) ?? this.#make(path, options, 0);
  }

  /** Opens a file (or anything) for use; links inside the path and at its end are followed inside the root. Caller closes. */
  open(path: string, flags: number): number {
    return this.#open(path, BigInt(flags), resolve.inRoot);
  }

  /** Opens only what can be reached without any symlink. Caller closes. @throws EngineError `invalid` at a link */
  openBeneath(path: string, flags: number): number {
    return this.#open(path, BigInt(flags), resolve.beneath | resolve.noSymlinks);
  }

  /** Must be called whenever a directory or link was replaced, moved or removed. */
  forget(): void {
    for (const descriptor of this.#cache.values()) closeDescriptor(descriptor);
    this.#cache.clear();
  }

  [Symbol.dispose](): void {
    if (this.#root < 0) return;
    this.forget();
    closeDescriptor(this.#root);
    this.#root = -1;
  }

  #make(path: string, options: MakeParents, hops: number): number {
    if (hops > maxHops) throw new EngineError("invalid", `too many levels of symbolic links: ${JSON.stringify(path)}`);
    const { parent, name } = splitPath(path);
    const directory = this.findDirectory(parent) ?? this.#make(parent, options, hops);
    const at = { directory, name };
    if (madeDirectory(at, options.owner)) return this.directory(path);
    if (isSymlink(statAt(directory, name))) {
      const link = readLinkAt(directory, name);
      const target = cleanPath(link.startsWith("/") ? link : `${parent}/${link}`);
      if (target !== "" && this.findDirectory(target) === undefined) this.#make(target, options, hops + 1);
    } else if (!options.replace?.(at)) {
      throw new EngineError("invalid", `${JSON.stringify(path)} is not a directory`);
    }
    return this.directory(path);
  }

  #remember(path: string, descriptor: number): number {
    this.#cache.set(path, descriptor);
    const oldest = this.#cache.size > maxCached ? this.#cache.entries().next().value : undefined;
    if (oldest !== undefined) {
      this.#cache.delete(oldest[0]);
      closeDescriptor(oldest[1]);
    }
    return descriptor;
  }

  #open(path: string, flags: bigint, mode: bigint): number {
    if (path.length > maxPath) throw new SyscallError("openat2", os.errno.ENAMETOOLONG, `${path.slice(0, 80)}…`);
    const name = nameBuffer(path === "" ? "." : path);
    how[0] = (flags === 0n ? oPath | BigInt(constants.O_DIRECTORY) : flags) | oCloexec;
    how[2] = mode | resolve.noMagicLinks;
    for (;;) {
      const descriptor = Number(libc.syscall(openat2, this.descriptor, name, how, how.byteLength));
      if (descriptor >= 0) return descriptor;
      const failure = errno();
      // A rename at the wrong moment: the kernel asks to try again (openat2(2), EAGAIN).
      if (failure !== os.errno.EAGAIN) throw asError(failure, path);
    }
  }
}

function asError(failure: number, path: string): Error {
  const cause = new SyscallError("openat2", failure, path);
  if (failure !== ELOOP && failure !== EXDEV) return cause;
  return new EngineError("invalid", `${cause.message}: the path leaves its root or goes through a link`, { cause });
}

function isMissing(error: unknown): boolean {
  return error instanceof SyscallError && (error.errno === ENOENT || error.errno === ENOTDIR);
}

/** False when something of that name is there already. */
function madeDirectory(at: NameAt, owner: MakeParents["owner"]): boolean {
  try {
    makeDirectoryAt(at.directory, at.name, 0o755);
  } catch (error) {
    if (error instanceof SyscallError && error.errno === EEXIST) return false;
    throw error;
  }
  chmodAt(at, 0o755);
  chownAt(at, owner?.uid ?? 0, owner?.gid ?? 0);
  return true;
}
