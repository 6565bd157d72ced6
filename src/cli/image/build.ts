import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { buildImage, type ByteSource } from "#client";
import type { ProgressMessage } from "#spec";
import { createProgress, formatSize } from "#term";
import { proxyVariables } from "../config-file.ts";
import { CliError, command, type Context } from "../framework/command.ts";
import { openBuildContext } from "./build-context.ts";
import { buildFlags, buildQuery, type BuildValues } from "./build-flags.ts";

export const build = command({
  usage: "[OPTIONS] PATH | URL | -",
  args: [1, 1],
  flags: buildFlags,
  async run(context, { flags, args: [source = ""] }) {
    const { tar, remote, dockerfile } = await openBuildContext(context, source, flags.file);
    const own = { ...context.env, ...proxyVariables(context.config, context.host) };
    const platform = flags.platform || context.env["DOCKER_DEFAULT_PLATFORM"] || "";
    const query = { ...buildQuery({ ...flags, platform }, own), dockerfile, remote, q: flags.quiet };
    const upload =
      tar && new CountedUpload(flags.compress ? await compressed(tar) : tar, flags.quiet ? undefined : context);
    const id = await showBuild(context, flags, buildImage(context.client, query, upload?.stream()), upload);
    if (flags.iidfile !== "" && id !== undefined) writeFileSync(resolve(context.cwd, flags.iidfile), id);
  },
});

async function compressed(tar: ByteSource): Promise<ByteSource> {
  const { compressGzip } = await import("#archive");
  return compressGzip(tar);
}

/** Counts what is sent, and keeps the failure of reading it, which the daemon cannot tell. */
class CountedUpload {
  failure: unknown;
  readonly #source: ByteSource;
  readonly #context: Context | undefined;

  constructor(source: ByteSource, context: Context | undefined) {
    this.#source = source;
    this.#context = context;
  }

  async *stream(): AsyncGenerator<Uint8Array, void, undefined> {
    let bytes = 0;
    try {
      for await (const chunk of this.#source) {
        bytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      this.failure = error;
      throw error;
    }
    this.#context?.stdout.write(`Sending build context to Docker daemon  ${formatSize(bytes)}\r\r\n`);
  }
}

/** Shows the stream; quietly it is kept, and shown only after a failure. @returns the image's id */
async function showBuild(
  context: Context,
  flags: BuildValues,
  messages: AsyncIterable<ProgressMessage>,
  upload: CountedUpload | undefined,
): Promise<string | undefined> {
  const kept: string[] = [];
  const progress = createProgress(
    flags.quiet ? { ...context.stdout, isTty: false, write: (data) => void kept.push(String(data)) } : context.stdout,
  );
  let id: string | undefined;
  try {
    for await (const message of messages) {
      const aux = message.aux?.["ID"];
      if (aux !== undefined) id = String(aux);
      else progress.show(message);
    }
  } catch (error) {
    if (upload?.failure instanceof Error)
      throw new CliError(`error building context: ${upload.failure.message}`, 1, { cause: upload.failure });
    context.stderr.write(kept.join(""));
    const code = /returned a non-zero code: (\d+)$/.exec(error instanceof Error ? error.message : "")?.[1];
    if (code === undefined || !(error instanceof Error)) throw error;
    throw new CliError(error.message, Number(code), { cause: error });
  }
  if (!flags.quiet) return id;
  // A quiet build tells nothing but the id.
  const quietId = id ?? kept.join("").trim();
  context.stdout.write(`${quietId}\n`);
  return quietId;
}
