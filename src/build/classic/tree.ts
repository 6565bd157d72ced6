import { lstat, readlink } from "node:fs/promises";
import { posix } from "node:path";
import { EngineError } from "#core";

export type EntryKind = "file" | "directory" | "other" | "absent";

/** A path beneath a root, every symlink in it followed inside that root. */
export interface ResolvedPath {
  /** Relative to the root, without symlinks, `.` and `..`; empty is the root itself. */
  readonly path: string;
  readonly kind: EntryKind;
  /** The first component that does not exist yet, relative to the root; undefined when all exist. */
  readonly firstMissing?: string;
}

const maxLinks = 40;

/**
 * Resolves a path in a tree that nobody else changes meanwhile (a context, or a private mount): `..` stops at the root, absolute link
 * targets start there. @throws EngineError `invalid` for a loop of links, or for a file where a directory must be
 */
export async function resolveBeneath(
  root: string,
  path: string,
  options: { readonly followLast: boolean },
): Promise<ResolvedPath> {
  const pending = split(path).toReversed();
  const done: string[] = [];
  let links = 0;
  let kind: EntryKind = "directory";
  let firstMissing: string | undefined;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === "..") {
      done.pop();
      kind = "directory";
      continue;
    }
    if (kind !== "directory" && kind !== "absent") throw notDirectory(done);
    const here = posix.join(root, ...done, name);
    const found = firstMissing === undefined ? await look(here) : "absent";
    if (found === "link" && (pending.length > 0 || options.followLast)) {
      if (++links > maxLinks) throw new EngineError("invalid", `too many levels of symbolic links: ${path}`);
      const target = await readlink(here);
      if (target.startsWith("/")) done.length = 0;
      pending.push(...split(target).toReversed());
      continue;
    }
    done.push(name);
    kind = found === "link" ? "other" : found;
    if (kind === "absent") firstMissing ??= done.join("/");
  }
  const resolved = done.join("/");
  if (firstMissing === undefined) return { path: resolved, kind };
  // A way through something missing and back again is judged without the detour.
  return isWithin(resolved, firstMissing)
    ? { path: resolved, kind: "absent", firstMissing }
    : resolveBeneath(root, resolved, options);
}

function isWithin(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(`${ancestor}/`);
}

function notDirectory(names: readonly string[]): EngineError {
  return new EngineError("invalid", `/${names.join("/")}: not a directory`);
}

function split(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

async function look(path: string): Promise<EntryKind | "link"> {
  try {
    const stat = await lstat(path);
    if (stat.isSymbolicLink()) return "link";
    if (stat.isDirectory()) return "directory";
    return stat.isFile() ? "file" : "other";
  } catch (error) {
    if (isMissing(error)) return "absent";
    throw error;
  }
}

/** ENOENT and ENOTDIR: there is no such path. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
