import { posix } from "node:path";
import { decompress, extractTar, openFileSource, packEntries, readTar, type TarInput } from "#archive";
import { EngineError, isEngineError } from "#core";
import { packSource } from "./checksum.ts";
import type { ModeChange } from "./mode.ts";
import type { Owner } from "./owner.ts";
import type { CopySource } from "./sources.ts";
import { resolveBeneath, type ResolvedPath } from "./tree.ts";

export interface TransferOptions {
  /** Absolute; a closing `/` means a directory. */
  readonly destination: string;
  /** Undefined: as in the source. */
  readonly owner: Owner | undefined;
  readonly mode: ModeChange | undefined;
  readonly excludes: readonly string[];
  /** ADD: a local tar is unpacked. `"always"` also unpacks what was downloaded. */
  readonly unpack: "local" | "always" | "never";
  /** Keep the directories that a source path has, from `/./` on where it has that. */
  readonly parents: boolean;
  /** For directories that have to be made. */
  readonly nowNs: bigint;
  readonly signal: AbortSignal;
}

/** Copies one source into a mounted tree, by the rules of COPY and ADD. @throws EngineError `invalid`, `exhausted` */
export async function transfer(source: CopySource, root: string, options: TransferOptions): Promise<void> {
  const kept = options.parents ? parentPath(source) : "";
  const destination = kept === "" ? options.destination : posix.join(options.destination, kept, "/");
  if (await isArchive(source, options)) return unpackArchive(source, root, destination, options);
  if (source.isDirectory) return copyDirectory(source, root, destination, options);
  return copyFile(source, root, destination, options);
}

/** The directories of a source path that --parents keeps: for a directory its own too. */
function parentPath(source: CopySource): string {
  const pivot = source.given.indexOf("/./");
  const kept = posix.normalize(pivot < 0 ? source.given : source.given.slice(pivot + 3)).replace(/^\/+/, "");
  return source.isDirectory ? kept : posix.dirname(kept);
}

async function unpackArchive(
  source: CopySource,
  root: string,
  destination: string,
  options: TransferOptions,
): Promise<void> {
  const target = await resolveBeneath(root, destination, { followLast: true });
  await makeDirectories(root, target, { nowNs: options.nowNs });
  const from = { path: posix.join(source.root, source.path) };
  await extractTar(from, root, { ...into(target.path), signal: options.signal });
}

/** As Docker: parents of the destination belong to root, the destination itself to the new owner. */
async function copyDirectory(
  source: CopySource,
  root: string,
  destination: string,
  options: TransferOptions,
): Promise<void> {
  const target = await resolveBeneath(root, destination, { followLast: true });
  if (target.kind !== "absent" && target.kind !== "directory")
    throw copyFailure(`directory: mkdir /${target.path}: not a directory`);
  await makeDirectories(root, target, { nowNs: options.nowNs, owner: options.owner });
  await write(source, root, target.path, options);
}

async function copyFile(
  source: CopySource,
  root: string,
  destination: string,
  options: TransferOptions,
): Promise<void> {
  const target = await resolveBeneath(root, destination, { followLast: true });
  const inside = target.kind === "directory" || destination.endsWith("/");
  if (inside && target.kind !== "directory" && target.kind !== "absent") {
    throw copyFailure(`file: mkdir /${target.path}: not a directory`);
  }
  const name = inside ? source.name : posix.basename(target.path);
  const parent = inside ? target : await resolveBeneath(root, posix.dirname(`/${target.path}`), { followLast: true });
  await makeDirectories(root, parent, { nowNs: options.nowNs, owner: options.owner, parents: options.owner });
  await write({ ...source, name }, root, parent.path, options);
}

function copyFailure(message: string): EngineError {
  return new EngineError("invalid", `failed to copy files: failed to copy ${message}`);
}

/** Makes what is missing of a directory's path, 0755: the last one for `owner`, those on the way for `parents`; else for root. */
export async function makeDirectories(
  root: string,
  target: ResolvedPath,
  options: { readonly nowNs: bigint; readonly owner?: Owner | undefined; readonly parents?: Owner | undefined },
): Promise<void> {
  if (target.firstMissing === undefined) return;
  const base = posix.dirname(target.firstMissing);
  const rest = target.path.slice(base === "." ? 0 : base.length + 1).split("/");
  const entries = rest.map((_, index): TarInput => {
    const owner = (index === rest.length - 1 ? options.owner : options.parents) ?? { uid: 0, gid: 0 };
    const path = rest.slice(0, index + 1).join("/");
    return { header: { path, type: "directory", mode: 0o755, mtimeNs: options.nowNs, ...owner } };
  });
  await extractTar(packEntries(entries), root, into(base === "." ? "" : base));
}

function into(path: string): { readonly into?: string } {
  return path === "" ? {} : { into: path };
}

async function write(source: CopySource, root: string, directory: string, options: TransferOptions): Promise<void> {
  const packed = packSource(source, options.excludes, options.signal);
  const stream = options.mode ? packEntries(changeModes(packed, options.mode)) : packed;
  await extractTar(stream, root, {
    ...into(directory),
    ...(options.owner ? { owner: options.owner } : {}),
    noOverwriteDirNonDir: true,
    signal: options.signal,
  });
}

async function* changeModes(
  stream: ReadableStream<Uint8Array>,
  mode: ModeChange,
): AsyncGenerator<TarInput, void, undefined> {
  for await (const { header, body } of readTar(stream)) {
    const { sparse: _stored, ...plain } = header;
    const changed =
      header.type === "symlink" ? plain : { ...plain, mode: mode(header.mode, header.type === "directory") };
    yield header.type === "file" ? { header: changed, body } : { header: changed };
  }
}

/** A regular file that begins, once decompressed, as a tar does. */
async function isArchive(source: CopySource, options: TransferOptions): Promise<boolean> {
  if (source.isDirectory || options.unpack === "never" || (source.remote && options.unpack !== "always")) return false;
  const path = posix.join(source.root, source.path);
  try {
    const { stream } = await decompress(openFileSource({ path }));
    for await (const _entry of readTar(stream)) return true;
    return false;
  } catch (error) {
    if (isEngineError(error, "invalid")) return false;
    throw error;
  }
}
