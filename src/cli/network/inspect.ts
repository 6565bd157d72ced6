import { inspectNetwork } from "#client";
import { command } from "../framework/command.ts";
import { bool, inspectFormat } from "../framework/flags.ts";
import { inspectEach } from "../framework/inspect-output.ts";

export const inspect = command({
  usage: "[OPTIONS] NETWORK [NETWORK...]",
  args: [1, Infinity],
  flags: { format: inspectFormat(), verbose: bool("Show more", { short: "v" }) },
  run: (context, { flags, args }) =>
    inspectEach(context, args, flags.format, (name) => inspectNetwork(context.client, name, flags.verbose)),
});
