import { inspectImage } from "#client";
import { command } from "../framework/command.ts";
import { inspectFormat } from "../framework/flags.ts";
import { inspectEach } from "../framework/inspect-output.ts";

export const inspect = command({
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  args: [1, Infinity],
  flags: { format: inspectFormat() },
  run: (context, { flags, args }) =>
    inspectEach(context, args, flags.format, (name) => inspectImage(context.client, name)),
});
