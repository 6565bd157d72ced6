import {
  attachContainer,
  killContainer,
  resizeContainer,
  startContainer,
  waitContainer,
  type HijackedStream,
} from "#client";
import type { ContainerCreateRequest } from "#spec";
import { errorCode } from "#term";
import { CliError, command, RunError, type Context } from "../framework/command.ts";
import { bool, detachKeys } from "../framework/flags.ts";
import { createRequest, type CreateInput } from "./create-request.ts";
import { createWithPull } from "./create-with-pull.ts";
import { startFailure } from "./exit-code.ts";
import { createFlags } from "./run-flags.ts";
import { detachedText, followSize, openSession, proxySignals } from "./session.ts";

const flags = {
  ...createFlags,
  detach: bool("Run in the background and print the container's ID", { short: "d" }),
  "detach-keys": detachKeys(),
  "sig-proxy": bool("Pass signals on to the process", { initial: true }),
} as const;

interface Foreground {
  readonly id: string;
  readonly request: ContainerCreateRequest;
  readonly remove: boolean;
  readonly detachKeys: string;
  readonly proxy: boolean;
}

export const run = command({
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  args: [1, Infinity],
  flags,
  interspersed: false,
  async run(context, input) {
    const { detach } = input.flags;
    if (detach && input.flags.attach.length > 0)
      throw new CliError("conflicting options: cannot specify both --attach and --detach");
    try {
      context.client.warm(detach ? 1 : 3);
      const request = requestOf(context, input, detach);
      const id = await created(context, input, request);
      if (detach) {
        await background(context, id);
        return 0;
      }
      const { rm: remove } = input.flags;
      return await foreground(context, {
        id,
        request,
        remove,
        detachKeys: input.flags["detach-keys"],
        proxy: input.flags["sig-proxy"],
      });
    } catch (error) {
      const told = error instanceof RunError || error instanceof TerminalMissing || errorCode(error) === "EPIPE";
      throw told ? error : new RunError(error);
    }
  },
});

/** Told without the way to help, with exit code 1. */
class TerminalMissing extends CliError {}

function requestOf(context: Context, input: CreateInput, detach: boolean): ContainerCreateRequest {
  const request = createRequest(context, input);
  if (detach) return { ...request, AttachStdin: false, AttachStdout: false, AttachStderr: false, StdinOnce: false };
  if (request.Tty && request.AttachStdin && !context.stdinIsTty())
    throw new TerminalMissing("the input device is not a TTY");
  return request;
}

/** What its text says decides the exit code, as with a start that fails. */
async function created(context: Context, input: CreateInput, request: ContainerCreateRequest): Promise<string> {
  try {
    return await createWithPull(context, input, request);
  } catch (error) {
    throw errorCode(error) === "EPIPE" ? error : startFailure(error);
  }
}

async function background(context: Context, id: string): Promise<void> {
  try {
    await startContainer(context.client, id);
  } catch (error) {
    context.stdout.write(`${id}\n`);
    throw startFailure(error);
  }
  context.stdout.write(`${id}\n`);
}

/** Attach and wait are in place before the start, so that nothing of a short life is missed. */
async function foreground(
  context: Context,
  { id, request, remove, detachKeys: keys, proxy }: Foreground,
): Promise<number> {
  const { client } = context;
  const attached =
    Boolean(request.AttachStdin ?? false) ||
    Boolean(request.AttachStdout ?? false) ||
    Boolean(request.AttachStderr ?? false);
  const [stream, wait] = await Promise.all([
    attached ? attach(context, id, request, keys) : undefined,
    waitContainer(client, id, remove ? "removed" : "next-exit"),
  ]);
  const tty = request.Tty === true;
  using session = stream
    ? openSession(context, { stream, tty, input: request.AttachStdin === true, detachKeys: keys })
    : undefined;
  using _signals = proxy && !tty ? proxySignals((signal) => killContainer(client, id, signal)) : undefined;
  try {
    await startContainer(client, id);
  } catch (error) {
    if (remove) await wait.result;
    throw startFailure(error);
  }
  using _size =
    tty && context.stdout.isTty ? followSize(context, (size) => resizeContainer(client, id, size)) : undefined;
  if ((await session?.done) === "detached") {
    context.stderr.write(detachedText);
    return 0;
  }
  const { StatusCode, Error: failure } = await wait.result;
  if (failure) throw new RunError(new CliError(failure.Message));
  return StatusCode;
}

function attach(context: Context, id: string, request: ContainerCreateRequest, keys: string): Promise<HijackedStream> {
  return attachContainer(context.client, id, {
    stdin: request.AttachStdin === true,
    stdout: request.AttachStdout === true,
    stderr: request.AttachStderr === true,
    detachKeys: keys || context.config.detachKeys,
  });
}
