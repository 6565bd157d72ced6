import { inspectContainer } from "#client";
import { command } from "../framework/command.ts";
import { bool, inspectFormat } from "../framework/flags.ts";
import { inspectEach } from "../framework/inspect-output.ts";

export const inspect = command({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  args: [1, Infinity],
  flags: { format: inspectFormat(), size: bool("Also sum up file sizes", { short: "s" }) },
  run: (context, { flags, args }) =>
    inspectEach(context, args, flags.format, (name) => inspectContainer(context.client, name, flags.size)),
});
