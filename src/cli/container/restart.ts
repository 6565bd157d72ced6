import { restartContainer } from "#client";
import { command, forEachName } from "../framework/command.ts";
import { stopFlags, stopOptions } from "./stop-flags.ts";

export const restart = command({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  args: [1, Infinity],
  flags: stopFlags,
  run(context, { flags, changed, args }) {
    const options = stopOptions(context, flags, changed);
    return forEachName(context, args, (name) => restartContainer(context.client, name, options));
  },
});
