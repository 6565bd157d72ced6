import { killContainer } from "#client";
import { command, forEachName } from "../framework/command.ts";
import { string } from "../framework/flags.ts";

export const kill = command({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  args: [1, Infinity],
  flags: { signal: string("Signal to send", { short: "s" }) },
  run: (context, { flags, args }) =>
    forEachName(context, args, (name) => killContainer(context.client, name, flags.signal)),
});
