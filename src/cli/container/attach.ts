import { attachContainer, inspectContainer, killContainer, resizeContainer, waitContainer } from "#client";
import { CliError, command } from "../framework/command.ts";
import { bool, detachKeys } from "../framework/flags.ts";
import { detachedText, followSize, openSession, proxySignals } from "./session.ts";

export const attach = command({
  usage: "[OPTIONS] CONTAINER",
  args: [1, 1],
  flags: {
    "detach-keys": detachKeys(),
    "no-stdin": bool("Do not connect stdin"),
    "sig-proxy": bool("Pass signals on to the process", { initial: true }),
  },
  async run(context, { flags, args: [name = ""] }) {
    const { client } = context;
    const { Id, State, Config } = await inspectContainer(client, name);
    if (!State.Running) throw new CliError("You cannot attach to a stopped container, start it first");
    if (State.Paused) throw new CliError("You cannot attach to a paused container, unpause it first");
    if (State.Restarting) throw new CliError("You cannot attach to a restarting container, wait until it is running");
    const tty = Config.Tty === true;
    const input = !flags["no-stdin"] && Config.OpenStdin === true;
    if (tty && input && !context.stdinIsTty()) throw new CliError("the input device is not a TTY");
    const wait = await waitContainer(client, Id);
    const stream = await attachContainer(client, Id, {
      stdin: input,
      stdout: true,
      stderr: true,
      detachKeys: flags["detach-keys"],
    });
    using session = openSession(context, { stream, tty, input, detachKeys: flags["detach-keys"] });
    using _signals =
      flags["sig-proxy"] && !tty ? proxySignals((signal) => killContainer(client, Id, signal)) : undefined;
    using _size =
      tty && context.stdout.isTty ? followSize(context, (size) => resizeContainer(client, Id, size)) : undefined;
    if ((await session.done) === "detached") {
      context.stderr.write(detachedText);
      return 0;
    }
    const { StatusCode, Error: failure } = await wait.result;
    if (failure) throw new CliError(failure.Message);
    return StatusCode;
  },
});
