import { ApiError, removeNetwork } from "#client";
import { command, forEachName } from "../framework/command.ts";
import { force } from "../framework/flags.ts";

export const rm = command({
  usage: "NETWORK [NETWORK...]",
  args: [1, Infinity],
  flags: { force: force("Do not fail for a network that does not exist") },
  run: (context, { flags, args }) =>
    forEachName(context, args, async (name) => {
      try {
        await removeNetwork(context.client, name);
        return undefined;
      } catch (error) {
        if (flags.force && error instanceof ApiError && error.status === 404) return "silent";
        throw error;
      }
    }),
});
