import { posix } from "node:path";
import { goModeBits, hasGoMode, type PathStat } from "#spec";
import { ApiError } from "#client";
import { splitEntry } from "./copy-paths.ts";

/** Where a link at a container's path leads; undefined when there is none, or nothing at all. */
export async function linkOf(look: () => Promise<PathStat>, path: string): Promise<string | undefined> {
  const stat = await unlessRefused(look);
  if (stat === undefined || !hasGoMode(stat.mode, goModeBits.symlink)) return undefined;
  const { linkTarget } = stat;
  return linkTarget.startsWith("/") ? linkTarget : posix.join(splitEntry(path).directory, linkTarget);
}

/** A path that cannot be looked at may still be one that can be copied to: the copy itself tells. */
export async function unlessRefused(look: () => Promise<PathStat>): Promise<PathStat | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
