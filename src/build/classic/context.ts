import { lstat, mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  createIgnoreMatcher,
  extractTar,
  openFileSource,
  parseIgnoreFile,
  type ByteStream,
  type IgnoreMatcher,
} from "#archive";
import { EngineError, isEngineError } from "#core";
import type { BuildOptions } from "../options.ts";
import { download, isUrl } from "./download.ts";
import { createScratch } from "./scratch.ts";
import { isMissing, resolveBeneath } from "./tree.ts";

/** What a build reads: a tree on disk that goes when it is disposed, and the Dockerfile's text. */
export interface BuildContext extends AsyncDisposable {
  readonly root: string;
  readonly dockerfile: string;
}

const maxDockerfileBytes = 16 * 1024 * 1024;
const ignoreFile = ".dockerignore";

/** Brings the context to disk: the tar that was sent, or what `remote` names. @throws EngineError `invalid`, `unavailable` */
export async function openContext(
  stream: ReadableStream<Uint8Array>,
  options: Pick<BuildOptions, "dockerfile" | "remote">,
  scratch: string,
  signal: AbortSignal,
): Promise<BuildContext> {
  await using undo = new AsyncDisposableStack();
  const directory = undo.use(await createScratch(scratch, "context"));
  const root = join(directory.path, "root");
  const downloads = join(directory.path, "download");
  await mkdir(root, { mode: 0o755 });
  await mkdir(downloads);
  const name = options.dockerfile === "" ? "Dockerfile" : options.dockerfile;
  const dockerfile =
    options.remote === ""
      ? await fromTar(stream, root, name, signal)
      : await fromRemote(options.remote, { root, download: downloads, name }, signal);
  const held = undo.move();
  return { root, dockerfile, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function fromTar(stream: ByteStream, root: string, name: string, signal: AbortSignal): Promise<string> {
  await extractTar(stream, root, { owner: { uid: 0, gid: 0 }, signal });
  const found = await readDockerfile(root, name);
  await dropExcluded(root, [found.path, ignoreFile]);
  return found.text;
}

interface RemotePlace {
  readonly root: string;
  readonly download: string;
  readonly name: string;
}

async function fromRemote(remote: string, place: RemotePlace, signal: AbortSignal): Promise<string> {
  if (!isUrl(remote) || /\.git(?:#.*)?$/.test(remote)) {
    throw new EngineError(
      "not_implemented",
      `remote context ${JSON.stringify(remote)} is not supported: only http and https URLs of a tar archive or a Dockerfile are`,
    );
  }
  const file = await download(remote, place.download, signal, () => undefined);
  if (/^text\/plain\b/.test(file.contentType)) return readBounded(file.path);
  try {
    await extractTar(openFileSource({ path: file.path }), place.root, { owner: { uid: 0, gid: 0 }, signal });
  } catch (error) {
    if (!isEngineError(error, "invalid")) throw error;
    throw new EngineError("invalid", `unable to read the context at ${remote}: ${error.message}`, { cause: error });
  }
  const { text } = await readDockerfile(place.root, place.name);
  await applyIgnoreFile(place.root);
  return text;
}

async function readDockerfile(root: string, name: string): Promise<{ path: string; text: string }> {
  const names = name === "Dockerfile" ? [name, "dockerfile"] : [name];
  for (const candidate of names) {
    const found = await resolveBeneath(root, candidate, { followLast: true });
    if (found.kind === "file") return { path: found.path, text: await checkText(join(root, found.path), name) };
    if (found.kind !== "absent")
      throw new EngineError("invalid", `unexpected error reading Dockerfile: read ${candidate}: is a directory`);
  }
  throw new EngineError("invalid", `Cannot locate specified Dockerfile: ${name}`);
}

async function checkText(path: string, name: string): Promise<string> {
  const text = await readBounded(path);
  if (text === "") throw new EngineError("invalid", `the Dockerfile (${name}) cannot be empty`);
  return text;
}

async function readBounded(path: string): Promise<string> {
  await using file = await open(path);
  const { size } = await file.stat();
  if (size > maxDockerfileBytes)
    throw new EngineError("invalid", `the Dockerfile is larger than ${maxDockerfileBytes} bytes`);
  return await file.readFile("utf8");
}

async function readIgnore(root: string): Promise<IgnoreMatcher | undefined> {
  const found = await resolveBeneath(root, ignoreFile, { followLast: true });
  if (found.kind !== "file") return undefined;
  return createIgnoreMatcher(parseIgnoreFile(await readBounded(join(root, found.path))));
}

/** The client sends Dockerfile and .dockerignore even where .dockerignore excludes them; COPY must not see them then. */
async function dropExcluded(root: string, paths: readonly string[]): Promise<void> {
  const matcher = await readIgnore(root);
  for (const path of paths) if (matcher?.excludes(path)) await rm(join(root, path), { force: true });
}

/** No client has filtered a remote context. */
async function applyIgnoreFile(root: string): Promise<void> {
  const matcher = await readIgnore(root);
  if (matcher) await removeExcluded(root, "", matcher);
}

async function removeExcluded(root: string, directory: string, matcher: IgnoreMatcher): Promise<void> {
  for (const entry of await readdir(join(root, directory), { withFileTypes: true })) {
    const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
    if (!matcher.excludes(path)) {
      if (entry.isDirectory()) await removeExcluded(root, path, matcher);
    } else if (!entry.isDirectory() || matcher.prunes(path))
      await rm(join(root, path), { recursive: true, force: true });
    else {
      await removeExcluded(root, path, matcher);
      if (await isEmpty(join(root, path))) await rm(join(root, path), { recursive: true, force: true });
    }
  }
}

async function isEmpty(directory: string): Promise<boolean> {
  try {
    return (await lstat(directory)).isDirectory() && (await readdir(directory)).length === 0;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
