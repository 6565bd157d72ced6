import { awaitExecCode, createExec, resizeExec, startExec, startExecDetached } from "#client";
import type { ExecCreateRequest } from "#spec";
import { CliError, command, type Context } from "../framework/command.ts";
import { bool, detachKeys, list, string, type FlagValues } from "../framework/flags.ts";
import { startExitCode } from "./exit-code.ts";
import { detachedText, followSize, openSession } from "./session.ts";
import { readEnvironment } from "./text-files.ts";

const flags = {
  detach: bool("Run in the background", { short: "d" }),
  "detach-keys": detachKeys(),
  env: list("Environment variable (NAME=value, or NAME to pass it on)", { short: "e" }),
  "env-file": list("File of environment variables"),
  interactive: bool("Connect stdin", { short: "i" }),
  privileged: bool("Give all capabilities"),
  tty: bool("Give the command a terminal", { short: "t" }),
  user: string("User, or user:group, by name or number", { short: "u" }),
  workdir: string("Directory to start in", { short: "w" }),
} as const;

export const exec = command({
  usage: "[OPTIONS] CONTAINER COMMAND [ARG...]",
  args: [2, Infinity],
  flags,
  interspersed: false,
  async run(context, { flags: values, args: [container = "", ...cmd] }) {
    const { client } = context;
    if (values.tty && values.interactive && !values.detach && !context.stdinIsTty())
      throw new CliError("the input device is not a TTY");
    client.warm(1);
    const request = requestOf(context, values, cmd);
    const id = await createExec(client, container, request);
    if (values.detach) {
      await startExecDetached(client, id, { Detach: true, Tty: values.tty });
      return 0;
    }
    return foreground(context, id, request);
  },
});

function requestOf(context: Context, values: FlagValues<typeof flags>, cmd: readonly string[]): ExecCreateRequest {
  const size = values.tty ? context.stdout.size() : undefined;
  return {
    User: values.user,
    Privileged: values.privileged,
    Tty: values.tty,
    AttachStdin: values.interactive && !values.detach,
    AttachStdout: !values.detach,
    AttachStderr: !values.detach,
    Detach: values.detach,
    DetachKeys: values["detach-keys"] || context.config.detachKeys || "",
    Env: environmentOf(context, values),
    WorkingDir: values.workdir,
    Cmd: cmd,
    ...(size ? { ConsoleSize: [size.rows, size.columns] as const } : {}),
  };
}

/** @throws CliError with exit code 1, as all that exec cannot read */
function environmentOf(context: Context, values: FlagValues<typeof flags>): readonly string[] {
  try {
    return readEnvironment(values["env-file"], values.env, context);
  } catch (error) {
    throw error instanceof CliError ? new CliError(error.message, 1, { cause: error }) : error;
  }
}

async function foreground(context: Context, id: string, request: ExecCreateRequest): Promise<number> {
  const { client } = context;
  const tty = request.Tty === true;
  const size = request.ConsoleSize ? { ConsoleSize: request.ConsoleSize } : {};
  let stream: Awaited<ReturnType<typeof startExec>>;
  const starting = startExec(client, id, { Detach: false, Tty: tty, ...size });
  const end = awaitExecCode(client, id);
  try {
    stream = await starting;
  } catch (error) {
    const code = startExitCode(error);
    if (code === 125 || !(error instanceof Error)) throw error;
    throw new CliError(`Error response from daemon: ${error.message}`, code, { cause: error });
  }
  using session = openSession(context, {
    stream,
    tty,
    input: request.AttachStdin === true,
    detachKeys: request.DetachKeys ?? "",
  });
  using _size = tty && context.stdout.isTty ? followSize(context, (now) => resizeExec(client, id, now)) : undefined;
  if ((await session.done) === "detached") {
    context.stderr.write(detachedText);
    return 0;
  }
  return await end.code();
}
