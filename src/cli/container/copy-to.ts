import { packTree } from "#archive";
import { putContainerArchive, statContainerPath } from "#client";
import { goModeBits, hasGoMode, type PathStat } from "#spec";
import { CliError, type Context } from "../framework/command.ts";
import { linkOf, unlessRefused } from "./copy-link.ts";
import { localPath, localSource, splitEntry, type CopyEnd } from "./copy-paths.ts";
import type { CopyRequest } from "./copy-request.ts";
import { planCopy, sourceName, type CopyPlan } from "./copy-plan.ts";
import { copySize, createCopyProgress } from "./copy-progress.ts";

/** A local path, or a tar from stdin, into a container. */
export async function copyToContainer(context: Context, request: CopyRequest): Promise<void> {
  const { container, source, quiet } = request;
  const destination = await destinationOf(context, request);
  const { directory, tar } =
    source === "-" ? fromStdin(context, request, destination) : fromHost(context, request, destination);
  const progress = createCopyProgress(context.stderr, "Copying to container - ", quiet);
  try {
    await send(context, request, directory, source === "-" ? tar : progress.count(tar));
  } finally {
    progress[Symbol.dispose]();
  }
  if (!quiet) {
    const where = `${container}:${destination.path}`;
    context.stderr.write(`Successfully copied ${copySize(progress.bytes)} to ${where}\n`);
  }
}

interface Upload {
  readonly directory: string;
  readonly tar: AsyncIterable<Uint8Array>;
}

function fromStdin(context: Context, { container, destination }: CopyRequest, found: CopyEnd): Upload {
  if (!found.isDirectory) throw new CliError(`destination "${container}:${destination}" must be a directory`);
  return { directory: found.path, tar: context.stdin() };
}

function fromHost(context: Context, { source, followLink }: CopyRequest, destination: CopyEnd): Upload {
  const found = localSource(localPath(context.cwd, source), followLink);
  const plan = planCopy(found, destination);
  return { directory: plan.directory, tar: localTar(found, plan) };
}

function localTar(source: CopyEnd, plan: CopyPlan): AsyncIterable<Uint8Array> {
  const { directory, base } = splitEntry(source.path);
  const as = plan.name ?? sourceName(source);
  const dotted = as === "." ? { withTop: true, prefix: "./" } : {};
  return packTree(directory, { from: base, as: as === "/" ? "." : as, wholeSeconds: true, ...dotted });
}

/** Links at the end are followed. What is not there may be made. */
async function destinationOf(context: Context, { container, destination }: CopyRequest): Promise<CopyEnd> {
  const look = (path: string) => (): Promise<PathStat> => statContainerPath(context.client, container, path);
  let stat = await unlessRefused(look(destination));
  const target = stat && (await linkOf(async () => stat as PathStat, destination));
  if (target !== undefined) stat = await unlessRefused(look(target));
  checkKind(stat, `${container}:${destination}`);
  const isDirectory = stat !== undefined && hasGoMode(stat.mode, goModeBits.directory);
  return { path: target ?? destination, exists: stat !== undefined, isDirectory };
}

function checkKind(stat: PathStat | undefined, where: string): void {
  if (stat === undefined) return;
  const { device, irregular } = goModeBits;
  const what = hasGoMode(stat.mode, device) ? "a device" : hasGoMode(stat.mode, irregular) ? "an irregular file" : "";
  if (what !== "") throw new CliError(`destination "${where}" must be a directory or a regular file: got ${what}`);
}

/** What goes wrong while the source is read ends the upload; it is told rather than what the daemon says of a cut tar. */
async function send(
  context: Context,
  { container, copyOwner }: CopyRequest,
  path: string,
  tar: AsyncIterable<Uint8Array>,
): Promise<void> {
  let failure: unknown;
  async function* watched(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* tar;
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  try {
    await putContainerArchive(context.client, container, watched(), {
      path,
      noOverwriteDirNonDir: true,
      copyUIDGID: copyOwner,
    });
  } catch (error) {
    throw failure ?? error;
  }
}
