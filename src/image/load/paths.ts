import { posix } from "node:path";
import { EngineError } from "#core";

/**
 * The one form of a path inside an archive: relative, no `.`, no doubled slashes.
 * @throws EngineError `invalid` for a path that leaves the archive
 */
export function cleanPath(path: string): string {
  const clean = posix.normalize(path.replace(/^\/+/, "")).replace(/\/$/, "");
  if (clean === ".." || clean.startsWith("../") || clean.includes("\0")) {
    throw new EngineError("invalid", `invalid archive: path ${JSON.stringify(path.slice(0, 200))} leaves the archive`);
  }
  return clean;
}

/** Where a symlink at `path` points to; old Docker linked equal layers to each other. */
export function linkTarget(path: string, target: string): string {
  return cleanPath(target.startsWith("/") ? target : posix.join(posix.dirname(path), target));
}
