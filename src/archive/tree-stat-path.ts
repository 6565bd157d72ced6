import { constants as os } from "node:os";
import { EngineError } from "#core";
import {
  cleanPath,
  closeDescriptor,
  isDirectory,
  isSymlink,
  readLinkAt,
  splitPath,
  statAt,
  statDescriptor,
  SyscallError,
  TreeRoot,
  type TreeStat,
} from "#linux";

/** What stands at a path of a tree. */
export interface PathFacts {
  /** st_mode: type and permission bits. */
  readonly mode: number;
  readonly size: number;
  /** Nanoseconds since the epoch. */
  readonly mtimeNs: bigint;
  readonly isDirectory: boolean;
  /** Of a symlink: where it leads in the end, absolute inside the tree, as far as there is something; else empty. */
  readonly linkTarget: string;
}

/** Path of an O_PATH directory descriptor: linux/fcntl.h */
const pathOnly = 0x200000 | 0x10000;
const { ENOENT, ENOTDIR } = os.errno;
const maxLinks = 255;

/**
 * lstat(2) of `path` inside the tree at `root`: links on the way are followed inside it, one at the end is not, unless
 * the path ends with a slash or `/.`, which says that it must be a directory. Undefined when there is nothing.
 * @throws EngineError `internal` where a part of the path is no directory, in Docker's words
 */
export function statPath(root: string, path: string): PathFacts | undefined {
  using tree = new TreeRoot(root);
  const clean = cleanPath(path);
  try {
    const stat = clean === "" || assertsDirectory(path) ? statDirectory(tree, clean) : statEntry(tree, clean);
    return stat && factsOf(stat, isSymlink(stat) ? `/${followLinks(tree, clean)}` : "");
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    if (error.errno === ENOENT) return undefined;
    if (error.errno !== ENOTDIR) throw error;
    throw new EngineError("internal", `lstat ${shownPath(path)}: not a directory`, { cause: error });
  }
}

/** True for a path that ends with a slash or names a current directory. */
export function assertsDirectory(path: string): boolean {
  return /(?:^|\/)\.?$/.test(path);
}

/** Absolute and clean, with the slash or dot at the end that the path was given with. */
export function shownPath(path: string): string {
  const clean = `/${cleanPath(path)}`;
  const slash = clean === "/" ? clean : `${clean}/`;
  if (/(?:^|\/)\.$/.test(path)) return `${slash}.`;
  return path.endsWith("/") ? slash : clean;
}

/** The path with every link resolved inside the tree, without a slash at the start; what does not exist stays as named. */
export function resolvePath(root: string, path: string): string {
  using tree = new TreeRoot(root);
  return followLinks(tree, cleanPath(path));
}

function followLinks(tree: TreeRoot, path: string): string {
  const pending = path.split("/").toReversed();
  const done: string[] = [];
  for (let links = 0; pending.length > 0;) {
    const part = pending.pop() ?? "";
    if (part === "" || part === ".") continue;
    if (part === "..") {
      done.pop();
      continue;
    }
    const target = targetOf(tree, done.join("/"), part);
    if (target === undefined) {
      done.push(part);
      continue;
    }
    if (++links > maxLinks) throw new EngineError("invalid", `too many levels of symbolic links: /${path}`);
    if (target.startsWith("/")) done.length = 0;
    pending.push(...target.split("/").toReversed());
  }
  return done.join("/");
}

function targetOf(tree: TreeRoot, parent: string, name: string): string | undefined {
  const directory = tree.findDirectory(parent);
  if (directory === undefined || !isSymlink(statAt(directory, name))) return undefined;
  return readLinkAt(directory, name);
}

function statDirectory(tree: TreeRoot, path: string): TreeStat {
  const descriptor = tree.open(path, pathOnly);
  try {
    return statDescriptor(descriptor);
  } finally {
    closeDescriptor(descriptor);
  }
}

function statEntry(tree: TreeRoot, path: string): TreeStat | undefined {
  const { parent, name } = splitPath(path);
  return statAt(tree.directory(parent), name);
}

function factsOf(stat: TreeStat, linkTarget: string): PathFacts {
  return { mode: stat.mode, size: stat.size, mtimeNs: stat.mtimeNs, isDirectory: isDirectory(stat), linkTarget };
}
