import { constants } from "node:fs";
import { constants as os } from "node:os";
import {
  closeDescriptor,
  isDirectory,
  isWhiteout,
  listDirectory,
  openDirectoryAt,
  readXattrsAt,
  statAt,
  SyscallError,
  TreeRoot,
  type TreeStat,
} from "#linux";
import { isOpaque } from "./pack-tree.ts";

export interface TreeChange {
  /** Absolute inside the tree. */
  readonly path: string;
  readonly kind: "modified" | "added" | "deleted";
}

/**
 * What an overlay upper directory changes of the tree below it (`lower`, merged), by path. Only what differs counts:
 * owner, mode, device, file capabilities; of what is no directory size and time as well. A directory in which something
 * changed is modified. Looks at names and attributes only, never at contents.
 */
export function listTreeChanges(upper: string, lower: string): TreeChange[] {
  using above = new TreeRoot(upper);
  using below = new TreeRoot(lower);
  const walk = new ChangeWalk();
  const [directory, old] = [openRoot(above), openRoot(below)];
  try {
    walk.merge(directory, old, "");
  } finally {
    closeDescriptor(directory);
    closeDescriptor(old);
  }
  return walk.changes.toSorted((left, right) => (left.path < right.path ? -1 : 1));
}

function openRoot(tree: TreeRoot): number {
  return tree.open("", constants.O_RDONLY | constants.O_DIRECTORY);
}

/** One name above and below. Absent below: `old` has no stat. */
interface Pair {
  readonly path: string;
  readonly name: string;
  readonly directory: number;
  readonly old: number | undefined;
}

class ChangeWalk {
  readonly changes: TreeChange[] = [];

  /** An upper directory that shows what is below it. */
  merge(directory: number, old: number | undefined, path: string): void {
    for (const name of listDirectory(directory)) this.#entry({ path: `${path}/${name}`, name, directory, old });
  }

  #entry(pair: Pair): void {
    const stat = statAt(pair.directory, pair.name);
    const before = pair.old === undefined ? undefined : statAt(pair.old, pair.name);
    if (stat === undefined) return;
    if (isWhiteout(stat)) {
      if (before !== undefined) this.#add(pair.path, "deleted");
      return;
    }
    const position = this.changes.length;
    if (before === undefined) this.#add(pair.path, "added");
    else if (differs(pair, stat, before)) this.#add(pair.path, "modified");
    const told = this.changes.length > position;
    if (isDirectory(stat)) this.#below(pair, isDirectory(before));
    if (!told && this.changes.length > position) this.#add(pair.path, "modified");
  }

  /** A container may take the directory away meanwhile. */
  #below(pair: Pair, wasDirectory: boolean): void {
    const directory = openIfThere(pair.directory, pair.name);
    if (directory === undefined) return;
    const old = wasDirectory && pair.old !== undefined ? openIfThere(pair.old, pair.name) : undefined;
    try {
      this.merge(directory, old, pair.path);
      if (old !== undefined && isOpaque(readXattrsAt(pair))) this.#hidden(directory, old, pair.path);
    } finally {
      closeDescriptor(directory);
      if (old !== undefined) closeDescriptor(old);
    }
  }

  /** An opaque directory shows nothing of what is below it: what it has not itself is deleted. */
  #hidden(directory: number, old: number, path: string): void {
    const own = new Set(listDirectory(directory));
    for (const name of listDirectory(old)) if (!own.has(name)) this.#add(`${path}/${name}`, "deleted");
  }

  #add(path: string, kind: TreeChange["kind"]): void {
    this.changes.push({ path, kind });
  }
}

function differs(pair: Pair, stat: TreeStat, before: TreeStat): boolean {
  if (stat.mode !== before.mode || stat.uid !== before.uid || stat.gid !== before.gid) return true;
  if (stat.devMajor !== before.devMajor || stat.devMinor !== before.devMinor) return true;
  if (isDirectory(stat)) return false;
  if (stat.size !== before.size || !sameTime(stat.mtimeNs, before.mtimeNs)) return true;
  return pair.old !== undefined && capability(pair, pair.directory) !== capability(pair, pair.old);
}

/** A time without fraction comes from a tar that kept none: then the seconds decide. */
function sameTime(left: bigint, right: bigint): boolean {
  const second = 1_000_000_000n;
  if (left === right) return true;
  return left / second === right / second && (left % second === 0n || right % second === 0n);
}

function capability({ name }: Pair, directory: number): string {
  const value = unlessGone(() => readXattrsAt({ directory, name }))?.get("security.capability");
  return value === undefined ? "" : Buffer.from(value).toString("hex");
}

function openIfThere(directory: number, name: string): number | undefined {
  return unlessGone(() => openDirectoryAt(directory, name));
}

const { ENOENT, ENOTDIR, ELOOP } = os.errno;

function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof SyscallError && [ENOENT, ENOTDIR, ELOOP].includes(error.errno)) return undefined;
    throw error;
  }
}
