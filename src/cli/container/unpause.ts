import { unpauseContainer } from "#client";
import { command, forEachName } from "../framework/command.ts";

export const unpause = command({
  usage: "CONTAINER [CONTAINER...]",
  args: [1, Infinity],
  flags: {},
  run: (context, { args }) => forEachName(context, args, (name) => unpauseContainer(context.client, name)),
});
