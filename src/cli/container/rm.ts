import { ApiError, removeContainer } from "#client";
import { CliError, command, errorText, forEachName } from "../framework/command.ts";
import { bool } from "../framework/flags.ts";

export const rm = command({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  args: [1, Infinity],
  flags: {
    force: bool("Kill the container first when it runs", { short: "f" }),
    link: bool("Remove the link of this name", { short: "l" }),
    volumes: bool("Remove its anonymous volumes too", { short: "v" }),
  },
  async run(context, { flags, args }) {
    const { force, link, volumes: v } = flags;
    await forEachName(context, args, async (text) => {
      const name = text.replace(/^\/+|\/+$/g, "");
      if (name === "") throw new CliError("container name cannot be empty");
      try {
        await removeContainer(context.client, name, { force, link, v });
        return undefined;
      } catch (error) {
        const absent = error instanceof ApiError && error.status === 404;
        if (!force || !absent) throw error;
        context.stderr.write(`${errorText(error)}\n`);
        return "silent";
      }
    });
  },
});
