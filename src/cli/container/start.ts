import {
  attachContainer,
  inspectContainer,
  killContainer,
  resizeContainer,
  startContainer,
  waitContainer,
} from "#client";
import { CliError, command, errorText, type Context } from "../framework/command.ts";
import { bool, detachKeys, string } from "../framework/flags.ts";
import { detachedText, followSize, openSession, proxySignals } from "./session.ts";

export const start = command({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  args: [1, Infinity],
  flags: {
    attach: bool("Connect stdout and stderr and pass signals on", { short: "a" }),
    checkpoint: string("Accepted for Docker's sake", { hidden: true }),
    "checkpoint-dir": string("Accepted for Docker's sake", { hidden: true }),
    "detach-keys": detachKeys(),
    interactive: bool("Connect stdin", { short: "i" }),
  },
  async run(context, { flags, changed, args }) {
    const experimental = ["checkpoint", "checkpoint-dir"].find((name) => changed.has(name));
    if (experimental !== undefined)
      throw new CliError(`"--${experimental}" is only supported on a Docker daemon with experimental features enabled`);
    if (!flags.attach && !flags.interactive) return startAll(context, args);
    if (args.length > 1) throw new CliError("you cannot start and attach multiple containers at once");
    return startAttached(context, args[0] ?? "", { interactive: flags.interactive, keys: flags["detach-keys"] });
  },
});

async function startAll(context: Context, names: readonly string[]): Promise<number> {
  const failed: string[] = [];
  for (const name of names) {
    try {
      await startContainer(context.client, name);
      context.stdout.write(`${name}\n`);
    } catch (error) {
      context.stderr.write(`${errorText(error)}\n`);
      failed.push(name);
    }
  }
  if (failed.length > 0) throw new CliError(`Error: failed to start containers: ${failed.join(", ")}`);
  return 0;
}

async function startAttached(
  context: Context,
  name: string,
  { interactive, keys }: { readonly interactive: boolean; readonly keys: string },
): Promise<number> {
  const { client } = context;
  const { Id, Config, HostConfig } = await inspectContainer(client, name);
  const tty = Config.Tty === true;
  const input = interactive && Config.OpenStdin === true;
  if (tty && input && !context.stdinIsTty()) throw new CliError("the input device is not a TTY");
  const [stream, wait] = await Promise.all([
    attachContainer(client, Id, { stdin: input, stdout: true, stderr: true, detachKeys: keys }),
    waitContainer(client, Id, HostConfig.AutoRemove === true ? "removed" : "next-exit"),
  ]);
  using session = openSession(context, { stream, tty, input, detachKeys: keys });
  using _signals = tty ? undefined : proxySignals((signal) => killContainer(client, Id, signal));
  try {
    await startContainer(client, Id);
  } catch (error) {
    throw new CliError(errorText(error), 1, { cause: error });
  }
  using _size =
    tty && context.stdout.isTty ? followSize(context, (size) => resizeContainer(client, Id, size)) : undefined;
  if ((await session.done) === "detached") {
    context.stderr.write(detachedText);
    return 0;
  }
  return (await wait.result).StatusCode;
}
