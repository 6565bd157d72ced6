import { inspectContainer, streamLogs } from "#client";
import { CliError, command } from "../framework/command.ts";
import { bool, string } from "../framework/flags.ts";
import { apiTime } from "../framework/api-time.ts";
import { writeFrames } from "./session.ts";

export const logs = command({
  usage: "[OPTIONS] CONTAINER",
  args: [1, 1],
  flags: {
    details: bool("Show attributes given to the log driver"),
    follow: bool("Go on as more is written", { short: "f" }),
    since: string("Leave out what is older (time, or age such as 42m)"),
    tail: string("Number of last lines to show", { short: "n", initial: "all" }),
    timestamps: bool("Show when each line was written", { short: "t" }),
    until: string("Leave out what is newer (time, or age such as 42m)"),
  },
  async run(context, { flags, args: [name = ""] }) {
    const { client, stdout, stderr } = context;
    const { Id, Config } = await inspectContainer(client, name);
    const { follow, timestamps, details, tail } = flags;
    const { body } = await streamLogs(client, Id, {
      follow,
      timestamps,
      details,
      tail,
      stdout: true,
      stderr: true,
      since: timeOf("since", flags.since),
      until: timeOf("until", flags.until),
    });
    if (Config.Tty !== true) return writeFrames(body, stdout, stderr);
    for await (const bytes of body) await stdout.writeAsync(bytes);
    return undefined;
  },
});

function timeOf(name: string, text: string): string | undefined {
  try {
    return apiTime(text);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new CliError(`invalid value for "${name}": ${error.message}`);
  }
}
