import { renameContainer } from "#client";
import { CliError, command, errorText } from "../framework/command.ts";

export const rename = command({
  usage: "CONTAINER NEW_NAME",
  args: [2, 2],
  flags: {},
  async run(context, { args: [container = "", name = ""] }) {
    if (container.trim() === "" || name.trim() === "")
      throw new CliError("Error: Neither old nor new names may be empty");
    try {
      await renameContainer(context.client, container.trim(), name.trim());
    } catch (cause) {
      throw new CliError(`${errorText(cause)}\nError: failed to rename container named ${container.trim()}`, 1, {
        cause,
      });
    }
  },
});
