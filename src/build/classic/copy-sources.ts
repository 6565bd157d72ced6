import { chmod, mkdir, utimes, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { EngineError, isEngineError, messageOf } from "#core";
import type { ImageRecord } from "#image";
import type { AddInstruction, CopyInstruction, InlineFile } from "../dockerfile/mod.ts";
import { download, isUrl } from "./download.ts";
import { findImage } from "./images.ts";
import { mountView, type MountedTree } from "./layers.ts";
import { findStage } from "./plan.ts";
import type { BuildSession } from "./session.ts";
import { failure, findSources, type CopySource } from "./sources.ts";
import { chainOf } from "./stage.ts";

/** The tree of `--from`: an earlier stage by name or number, else an image. @throws EngineError `invalid`, `not_found` */
export async function openCopyRoot(session: BuildSession, from: string): Promise<MountedTree> {
  return mountView(session.host, chainOf(await copyBase(session, from)));
}

async function copyBase(session: BuildSession, from: string): Promise<ImageRecord | undefined> {
  const current = session.stages.length;
  const index = findStage(session.plan.stages, from, current);
  if (index !== undefined) return session.stages[index]?.image;
  if (from === String(current) || session.plan.stages[current]?.from.stageName === from.toLowerCase()) {
    throw invalidFrom(from, "refers to current build stage");
  }
  if (/^\d+$/.test(from)) throw invalidFrom(from, "index out of bounds");
  try {
    return await findImage(session, from);
  } catch (error) {
    if (session.signal.aborted || !isEngineError(error)) throw error;
    throw invalidFrom(from, messageOf(error));
  }
}

function invalidFrom(from: string, reason: string): EngineError {
  return new EngineError("invalid", `invalid from flag value ${from}: ${reason}`);
}

interface Places {
  readonly root: string;
  /** For what is downloaded or stands in the Dockerfile. */
  readonly scratch: string;
}

/** Everything an instruction copies, in its order. @throws EngineError `invalid`, `unavailable` */
export async function collectSources(
  session: BuildSession,
  instruction: CopyInstruction | AddInstruction,
  places: Places,
): Promise<CopySource[]> {
  const { kind, destination } = instruction;
  const deep = kind === "COPY" && instruction.parents;
  const found: CopySource[] = [];
  for (const [index, source] of instruction.sources.entries()) {
    const directory = join(places.scratch, `url-${index}`);
    if (kind === "ADD" && isUrl(source)) found.push(await fetchSource(session, instruction, source, directory));
    else found.push(...(await findSources(places.root, source, { keyword: kind, deep })));
  }
  for (const [index, file] of instruction.files.entries()) {
    found.push(await inlineSource(session, file, join(places.scratch, `inline-${index}`)));
  }
  if (found.length === 0) throw failure(kind, "no source files were specified");
  if (found.length > 1 && !destination.endsWith("/")) {
    const rule = "the destination must be a directory and end with a /";
    throw new EngineError("invalid", `When using ${kind} with more than one source file, ${rule}`);
  }
  return found;
}

async function inlineSource(session: BuildSession, file: InlineFile, directory: string): Promise<CopySource> {
  if (/[/\0]/.test(file.name) || file.name === "." || file.name === "..") {
    throw new EngineError("invalid", `invalid file name of a here-document: ${JSON.stringify(file.name)}`);
  }
  await mkdir(directory);
  const path = join(directory, file.name);
  await writeFile(path, file.content);
  await chmod(path, 0o644);
  const seconds = session.clock.nowMs() / 1000;
  await utimes(path, seconds, seconds);
  return generatedSource(directory, file.name);
}

async function fetchSource(
  session: BuildSession,
  instruction: AddInstruction,
  url: string,
  directory: string,
): Promise<CopySource> {
  await mkdir(directory);
  const file = await fetchUrl(session, url, directory);
  const wanted = instruction.checksum;
  if (wanted !== undefined && wanted !== file.digest) throw failure("ADD", `digest mismatch ${file.digest}: ${wanted}`);
  if (file.name === "" && instruction.destination.endsWith("/")) {
    throw failure("ADD", `cannot determine filename from url: ${url}`);
  }
  return generatedSource(directory, posix.basename(file.path));
}

async function fetchUrl(session: BuildSession, url: string, directory: string): ReturnType<typeof download> {
  let shown = 0;
  try {
    return await download(url, directory, session.signal, (current, total) => {
      if (current - shown < progressBytes && current !== total) return;
      shown = current;
      const progressDetail = { current, ...(total === undefined ? {} : { total }) };
      session.emit({ status: "Downloading", progressDetail });
    });
  } catch (error) {
    if (!isEngineError(error)) throw error;
    throw new EngineError(error.code, `ADD failed: ${error.message}`, { cause: error });
  }
}

const progressBytes = 1024 * 1024;

function generatedSource(root: string, name: string): CopySource {
  return { root, path: name, name, isDirectory: false, given: name, remote: true };
}
