import { readdir } from "node:fs/promises";
import { posix } from "node:path";
import { createIgnoreMatcher, matchGlob } from "#archive";
import { EngineError } from "#core";
import { resolveBeneath } from "./tree.ts";

/** One thing to copy, in a tree that holds still. */
export interface CopySource {
  readonly root: string;
  /** Real path beneath the root; empty is the root itself. */
  readonly path: string;
  /** The name that it has at a destination that is a directory. */
  readonly name: string;
  readonly isDirectory: boolean;
  /** The path as the instruction means it, for `--parents`. */
  readonly given: string;
  /** ADD does not unpack what it downloaded. */
  readonly remote: boolean;
}

const wildcards = /[*?[]/;

/** What a source path of COPY or ADD names in a context, stage or image. @throws EngineError `invalid` with Docker's text */
export async function findSources(
  root: string,
  pattern: string,
  options: { readonly keyword: string; readonly deep: boolean },
): Promise<CopySource[]> {
  const clean = posix.normalize(pattern).replace(/^\/+/, "").replace(/\/$/, "");
  if (clean === ".." || clean.startsWith("../")) {
    throw failure(options.keyword, `forbidden path outside the build context: ${pattern} ()`);
  }
  if (!wildcards.test(clean)) return [await findOne(root, clean, pattern, options.keyword)];
  const names = options.deep && clean.includes("**") ? await deepMatches(root, clean) : await matches(root, clean);
  return Promise.all(names.map((name) => findOne(root, name, name, options.keyword)));
}

async function findOne(root: string, path: string, given: string, keyword: string): Promise<CopySource> {
  const found = await resolveBeneath(root, path, { followLast: true });
  if (found.kind === "absent") {
    const stat = `stat ${path}: file does not exist`;
    throw failure(keyword, `file not found in build context or excluded by .dockerignore: ${stat}`);
  }
  const name = posix.basename(path);
  return { root, path: found.path, name, isDirectory: found.kind === "directory", given, remote: false };
}

export function failure(keyword: string, message: string): EngineError {
  return new EngineError("invalid", `${keyword} failed: ${message}`);
}

/** Go's `filepath.Match`, component by component; directories behind wildcards are real ones. */
async function matches(root: string, pattern: string): Promise<string[]> {
  let found = [""];
  for (const part of pattern.split("/")) {
    const next: string[] = [];
    for (const parent of found) {
      for (const name of await entries(root, parent)) if (matchGlob(part, name)) next.push(posix.join(parent, name));
    }
    found = next;
  }
  return found;
}

async function entries(root: string, directory: string): Promise<string[]> {
  const real = await resolveBeneath(root, directory, { followLast: true });
  if (real.kind !== "directory") return [];
  return (await readdir(posix.join(root, real.path))).toSorted();
}

/** With `**`: any number of directories (only with --parents). */
async function deepMatches(root: string, pattern: string): Promise<string[]> {
  const matcher = createIgnoreMatcher([pattern]);
  const found: string[] = [];
  const all = await readdir(root, { recursive: true });
  for (const path of all.toSorted()) {
    const inFound = found.some((parent) => path.startsWith(`${parent}/`));
    if (!inFound && matcher.excludes(path)) found.push(path);
  }
  return found;
}
