import { pauseContainer } from "#client";
import { command, forEachName } from "../framework/command.ts";

export const pause = command({
  usage: "CONTAINER [CONTAINER...]",
  args: [1, Infinity],
  flags: {},
  run: (context, { args }) => forEachName(context, args, (name) => pauseContainer(context.client, name)),
});
