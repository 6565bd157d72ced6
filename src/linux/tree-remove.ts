import { constants, openSync, readdirSync } from "node:fs";
import { EngineError } from "#core";
import { EISDIR, ENOENT, EPERM, SyscallError } from "./libc.ts";
import { closeDescriptor, openDirectoryAt, removeDirectoryAt, renameAt, unlinkAt } from "./tree-calls.ts";
import { decodeName, openDescriptor } from "./tree-names.ts";
import { cleanPath, splitPath } from "./tree-path.ts";
import { isDirectory, statAt, statDescriptor, type TreeStat } from "./tree-stat.ts";

/** Directories held open at once; what lies deeper is moved up first. */
const maxDepth = 64;
/** Entries between two pauses that let other work run (about 2 ms). */
const pauseEvery = 256;

/**
 * Removes a tree, however deep. Links are removed, never followed; a mount below is never entered. Absent is no error.
 * Pauses often: it never holds up the event loop.
 * @throws EngineError `invalid` unless the path is absolute, clean and at least two levels deep; `conflict` at a mount
 */
export async function removeTree(path: string): Promise<void> {
  const { parent, name } = splitPath(path.slice(1));
  if (!path.startsWith("/") || cleanPath(path) !== path.slice(1) || parent === "") {
    throw new EngineError("invalid", `refusing to remove the tree ${JSON.stringify(path)}`);
  }
  const directory = openSync(`/${parent}`, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const steps = new TreeRemoval(directory).steps(name);
    for (const pause of steps) if (pause) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    closeDescriptor(directory);
  }
}

/** Removes a tree beneath an open directory at once, links not followed, mounts not entered. For small trees. */
export function removeTreeAt(directory: number, name: string): void {
  const steps = new TreeRemoval(directory).steps(name);
  while (steps.next().done !== true);
}

/** Names in an open directory, unsorted. */
export function listDirectory(descriptor: number): string[] {
  const names = readdirSync(`/proc/self/fd/${openDescriptor(descriptor)}`, { encoding: "buffer" });
  return names.map((name) => decodeName(name));
}

interface Place {
  /** Of the top of the tree: its mount is the only one that is entered. */
  readonly stat: TreeStat;
  readonly depth: number;
  readonly top: string;
}

class TreeRemoval {
  readonly #parent: number;
  #moved = 0;
  #seen = 0;

  constructor(parent: number) {
    this.#parent = openDescriptor(parent);
  }

  /** Yields true when a pause is due. */
  *steps(name: string): Generator<boolean, void, undefined> {
    const stat = statAt(this.#parent, name);
    if (stat === undefined) return;
    if (stat.mountId !== statDescriptor(this.#parent).mountId) throw mountedError(name);
    const pending = [name];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      pending.push(...(yield* this.#removeEntry(this.#parent, next, { stat, depth: 0, top: name })));
    }
  }

  /** Removes the entry; the answer names directories that were too deep and now lie at the top. */
  *#removeEntry(directory: number, name: string, place: Place): Generator<boolean, string[], undefined> {
    if (++this.#seen % pauseEvery === 0) yield true;
    if (unlinked(directory, name)) return [];
    const stat = statAt(directory, name);
    if (stat === undefined) return [];
    if (stat.mountId !== place.stat.mountId) throw mountedError(name);
    if (place.depth >= maxDepth) return [this.#moveUp(directory, name, place.top)];
    const moved = yield* this.#removeChildren(directory, name, place);
    removeDirectoryAt(directory, name);
    return moved;
  }

  *#removeChildren(directory: number, name: string, place: Place): Generator<boolean, string[], undefined> {
    const descriptor = openDirectoryAt(directory, name);
    try {
      // Between the look and the open a mount may have come.
      if (statDescriptor(descriptor).mountId !== place.stat.mountId) throw mountedError(name);
      const moved: string[] = [];
      for (const child of listDirectory(descriptor)) {
        moved.push(...(yield* this.#removeEntry(descriptor, child, { ...place, depth: place.depth + 1 })));
      }
      return moved;
    } finally {
      closeDescriptor(descriptor);
    }
  }

  #moveUp(directory: number, name: string, top: string): string {
    const moved = `.${top.slice(0, 40)}.deep-${++this.#moved}`;
    renameAt({ directory, name }, { directory: this.#parent, name: moved });
    return moved;
  }
}

function mountedError(name: string): EngineError {
  return new EngineError("conflict", `cannot remove ${JSON.stringify(name)}: something is mounted there`);
}

/** False when a directory stands there. */
function unlinked(directory: number, name: string): boolean {
  try {
    unlinkAt(directory, name);
    return true;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    if (error.errno === ENOENT) return true;
    if (error.errno === EISDIR) return false;
    // EPERM of unlink(2) is a directory on some file systems, and an immutable file on all.
    if (error.errno === EPERM && isDirectory(statAt(directory, name))) return false;
    throw error;
  }
}
