import { ApiError, createContainer, pullImage } from "#client";
import { createProgress, nodeFs } from "#term";
import { CliError, type Context } from "../framework/command.ts";
import type { createRequest, CreateInput } from "./create-request.ts";
import { checkPlatform } from "./run-checks.ts";
import { directoryOf, resolvePath } from "../framework/paths.ts";

type Request = ReturnType<typeof createRequest>;

/** Creates the container, pulling its image where that is missing and wanted. @returns the container's id */
export async function createWithPull(context: Context, input: CreateInput, request: Request): Promise<string> {
  const { flags } = input;
  await checkImageName(request.Image ?? "");
  if (flags.platform !== "") checkPlatform(flags.platform);
  const cidfile = flags.cidfile === "" ? undefined : resolvePath(context.cwd, flags.cidfile);
  if (cidfile !== undefined && nodeFs().existsSync(cidfile)) {
    throw new CliError(
      `container ID file found, make sure the other container isn't running or delete ${flags.cidfile}`,
    );
  }
  if (cidfile !== undefined) checkDirectory(cidfile, flags.cidfile);
  if (flags.pull === "always") await pull(context, input);
  const { Id, Warnings } = await createOrPull(context, input, request);
  for (const warning of Warnings ?? []) context.stderr.write(`WARNING: ${warning}\n`);
  if (cidfile !== undefined) nodeFs().writeFileSync(cidfile, Id);
  return Id;
}

/** Before anything is created. */
function checkDirectory(path: string, shown: string): void {
  if (nodeFs().existsSync(directoryOf(path))) return;
  throw new CliError(`failed to create the container ID file: open ${shown}: no such file or directory`);
}

/** @throws EngineError `invalid` with Docker's text. The parser is loaded only for names that are out of the ordinary. */
async function checkImageName(name: string): Promise<void> {
  if (/^[a-z0-9]+(?:[._/-]?[a-z0-9]+)*(?::[\w][\w.-]{0,127})?$/.test(name)) return;
  const { parseReference } = await import("#spec");
  if (!/^(sha256:)?[a-f0-9]{64}$/.test(name)) parseReference(name);
}

async function createOrPull(
  context: Context,
  input: CreateInput,
  request: Request,
): ReturnType<typeof createContainer> {
  const { flags } = input;
  const options = { name: flags.name || undefined, platform: flags.platform || context.env["DOCKER_DEFAULT_PLATFORM"] };
  try {
    return await createContainer(context.client, request, options);
  } catch (error) {
    const missing = error instanceof ApiError && error.status === 404 && /^No such image/i.test(error.message);
    if (!missing || flags.pull !== "missing") throw error;
    const { familiarReference, parseReference, withDefaultTag } = await import("#spec");
    if (!flags.quiet)
      context.stderr.write(
        `Unable to find image '${familiarReference(withDefaultTag(parseReference(request.Image ?? "")))}' locally\n`,
      );
    await pull(context, input);
    return createContainer(context.client, request, options);
  }
}

async function pull(context: Context, { flags, args }: CreateInput): Promise<void> {
  const { parseReference, repositoryOf, withDefaultTag } = await import("#spec");
  const reference = withDefaultTag(parseReference(args[0] ?? ""));
  const messages = pullImage(context.client, {
    fromImage: repositoryOf(reference),
    tag: reference.digest ?? reference.tag,
    platform: flags.platform || context.env["DOCKER_DEFAULT_PLATFORM"],
  });
  const progress = createProgress(context.stderr);
  for await (const message of messages) if (!flags.quiet || message.error !== undefined) progress.show(message);
}
