import { inspectVolume } from "#client";
import { command } from "../framework/command.ts";
import { inspectFormat } from "../framework/flags.ts";
import { inspectEach } from "../framework/inspect-output.ts";

export const inspect = command({
  usage: "[OPTIONS] VOLUME [VOLUME...]",
  args: [1, Infinity],
  flags: { format: inspectFormat() },
  run: (context, { flags, args }) =>
    inspectEach(context, args, flags.format, (name) => inspectVolume(context.client, name)),
});
