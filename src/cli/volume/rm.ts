import { removeVolume } from "#client";
import { command, forEachName } from "../framework/command.ts";
import { force } from "../framework/flags.ts";

export const rm = command({
  usage: "[OPTIONS] VOLUME [VOLUME...]",
  args: [1, Infinity],
  flags: { force: force("Do not fail for a volume that does not exist") },
  run: (context, { flags, args }) =>
    forEachName(context, args, (name) => removeVolume(context.client, name, flags.force)),
});
