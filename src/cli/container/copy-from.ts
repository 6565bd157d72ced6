import { extractTar } from "#archive";
import { getContainerArchive, statContainerPath } from "#client";
import { goModeBits, hasGoMode } from "#spec";
import type { Context } from "../framework/command.ts";
import { checkLocalOutput, followed, localDestination, localPath, splitEntry, type CopyEnd } from "./copy-paths.ts";
import type { CopyRequest } from "./copy-request.ts";
import { planCopy, sourceName } from "./copy-plan.ts";
import { copySize, createCopyProgress } from "./copy-progress.ts";
import { linkOf } from "./copy-link.ts";

/** A container's files to a local path, or as a tar to stdout. */
export async function copyFromContainer(context: Context, request: CopyRequest): Promise<void> {
  const { container, destination, quiet } = request;
  const toStdout = destination === "-";
  const target = toStdout ? destination : localPath(context.cwd, destination);
  if (!toStdout) checkLocalOutput(target);
  const asked = await sourceOf(context, request);
  const { stat, body } = await getContainerArchive(context.client, container, asked.path);
  if (toStdout) {
    for await (const bytes of body) await context.stdout.writeAsync(bytes);
    return;
  }
  const source: CopyEnd = { ...asked, exists: true, isDirectory: hasGoMode(stat.mode, goModeBits.directory) };
  const progress = createCopyProgress(context.stderr, "Copying from container - ", quiet);
  try {
    await unpack(progress.count(body), source, target);
  } finally {
    progress[Symbol.dispose]();
  }
  if (!quiet) context.stderr.write(`Successfully copied ${copySize(progress.bytes)} to ${target}\n`);
}

/** With `-L` what the link leads to, under the link's name. */
async function sourceOf(
  context: Context,
  { container, source, followLink }: CopyRequest,
): Promise<Pick<CopyEnd, "path" | "rebaseName">> {
  if (!followLink) return { path: source };
  const target = await linkOf(() => statContainerPath(context.client, container, source), source);
  return target === undefined ? { path: source } : followed(source, target);
}

/** Belongs to whoever calls, as everything that one makes. */
async function unpack(tar: AsyncGenerator<Uint8Array>, source: CopyEnd, target: string): Promise<void> {
  try {
    const { directory, name } = planCopy(source, localDestination(target));
    const own = splitEntry(source.path).base;
    const renamed = name ?? (source.rebaseName === undefined ? undefined : sourceName(source));
    await extractTar(tar, directory, {
      noOverwriteDirNonDir: true,
      allowEmpty: true,
      owner: { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 },
      ...(renamed === undefined ? {} : { rename: { from: own, to: renamed } }),
    });
  } finally {
    await tar.return(undefined);
  }
}
