import { lstatSync, readlinkSync, realpathSync, statSync, type Stats } from "node:fs";
import { posix, resolve } from "node:path";
import { CliError } from "../framework/command.ts";

/** One end of a copy. A slash or `/.` at the end of a path is part of what it says, and is kept. */
export interface CopyEnd {
  readonly path: string;
  readonly exists: boolean;
  readonly isDirectory: boolean;
  /** Name that the top of the archive shall have instead of the path's last part. */
  readonly rebaseName?: string;
}

/** `CONTAINER:PATH`, or a path of this host: absolute, or with a dot at the start, or without a colon. */
export function splitCopyArgument(text: string): { readonly container: string; readonly path: string } {
  const colon = text.indexOf(":");
  const isLocal = text.startsWith("/") || text.startsWith(".") || colon < 0;
  return isLocal ? { container: "", path: text } : { container: text.slice(0, colon), path: text.slice(colon + 1) };
}

/** True for a path whose last part is a dot: the directory's content is meant. */
function isDotted(path: string): boolean {
  return baseOf(path) === ".";
}

/** Go's `filepath.Base`. */
export function baseOf(path: string): string {
  if (path === "") return ".";
  return posix.basename(path) || "/";
}

export function assertsDirectory(path: string): boolean {
  return path.endsWith("/") || isDotted(path);
}

/** `clean` with the slash or dot at its end that `original` has. */
export function keepEnd(clean: string, original: string): string {
  const slash = clean.endsWith("/") ? clean : `${clean}/`;
  if (isDotted(original)) return isDotted(clean) ? clean : `${slash}.`;
  return original.endsWith("/") ? slash : clean;
}

export function localPath(cwd: string, path: string): string {
  return keepEnd(resolve(cwd, path), path);
}

/** Directory and last part; a dot at the end is the last part, a slash is none. */
export function splitEntry(path: string): { readonly directory: string; readonly base: string } {
  const clean = posix.normalize(path).replace(/(?<=.)\/+$/, "");
  const dotted = isDotted(path) ? `${clean === "/" ? "" : clean}/.` : clean;
  return { directory: posix.dirname(dotted), base: baseOf(dotted) };
}

/** A path that a link was followed to, with the end of the path that was asked for, and the name that was asked for. */
export function followed(asked: string, target: string): { readonly path: string; readonly rebaseName?: string } {
  const path = keepEnd(target, asked);
  const base = baseOf(asked);
  return base === baseOf(path) ? { path } : { path, rebaseName: base };
}

/** What a local source is. @throws CliError with Docker's text */
export function localSource(path: string, followLink: boolean): CopyEnd {
  const found = followLink ? followed(path, realPath(path)) : unfollowed(path);
  const stat = lstat(found.path);
  if (stat === undefined) throw noSuchFile(found.path);
  return { ...found, exists: true, isDirectory: stat.isDirectory() };
}

/** Links on the way to the last part are followed; one before a slash at the end is on the way. */
function unfollowed(path: string): { readonly path: string; readonly rebaseName?: string } {
  const slash = path.lastIndexOf("/");
  const directory = realPath(path.slice(0, slash + 1));
  if (!statSync(directory).isDirectory()) throw new CliError("not a directory");
  const resolved = `${directory}/${path.slice(slash + 1)}`;
  return path.endsWith("/") ? followed(path, resolved) : { path: resolved };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOTDIR") throw new CliError("not a directory", 1, { cause });
    if (code === "ENOENT") throw noSuchFile(lastTarget(path));
    throw cause;
  }
}

/** The first part of the path that is missing, or what is missing behind a link that dangles. */
function lastTarget(path: string): string {
  const parts = path.split("/").filter((part) => part !== "");
  const prefixes = parts.map((_part, index) => `/${parts.slice(0, index + 1).join("/")}`);
  let at = prefixes.find((prefix) => !statSync(prefix, { throwIfNoEntry: false })) ?? path;
  for (let hops = 0; hops < 255 && lstat(at)?.isSymbolicLink() === true; hops++)
    at = resolve(posix.dirname(at), readlinkSync(at));
  return at;
}

function noSuchFile(path: string): CliError {
  return new CliError(`lstat ${path}: no such file or directory`);
}

const maxLinks = 10;

/** Where a copy to a local path goes: links are followed, the parent must be there. @throws CliError with Docker's text */
export function localDestination(original: string): CopyEnd {
  let path = original;
  let stat = lstat(path);
  for (let hops = 0; stat?.isSymbolicLink() === true; hops++) {
    if (hops > maxLinks) throw new CliError(`too many symlinks in ${original}`);
    path = resolve(splitEntry(path).directory, readlinkSync(path));
    stat = lstat(path);
  }
  if (stat !== undefined) return { path, exists: true, isDirectory: stat.isDirectory() };
  const parent = splitEntry(path).directory;
  const above = statSync(parent, { throwIfNoEntry: false });
  if (above === undefined) throw new CliError(`stat ${parent}: no such file or directory`);
  if (!above.isDirectory()) throw new CliError("not a directory");
  return { path, exists: false, isDirectory: false };
}

/** Before anything is asked for. @throws CliError with Docker's text */
export function checkLocalOutput(path: string): void {
  const directory = posix.dirname(posix.normalize(path).replace(/(?<=.)\/+$/, ""));
  if (!statSync(directory, { throwIfNoEntry: false }))
    throw new CliError(`invalid output path: directory ${JSON.stringify(directory)} does not exist`);
  const stat = statOrThrow(path);
  if (stat?.isCharacterDevice() === true || stat?.isBlockDevice() === true) {
    const text = `invalid output path: ${JSON.stringify(path)} must be a directory or a regular file: got a device`;
    throw new CliError(text);
  }
}

function statOrThrow(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "ENOTDIR") throw new CliError(`stat ${path}: not a directory`, 1, { cause });
    throw cause;
  }
}

function lstat(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
