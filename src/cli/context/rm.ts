import { CliError, command, forEachName } from "../framework/command.ts";
import { force } from "../framework/flags.ts";
import { removeContext, requireContext } from "./store.ts";

export const rm = command({
  usage: "[OPTIONS] CONTEXT [CONTEXT...]",
  args: [1, Infinity],
  flags: { force: force("Also remove the context in use, and do not fail for one that does not exist") },
  run(context, { flags, args }) {
    const current = context.config.currentContext;
    return forEachName(context, args, async (name) => {
      if (name === "default") throw new CliError(`context "default" cannot be removed`);
      if (!flags.force) requireContext(context.configDirectory, name);
      if (name === current && !flags.force)
        throw new CliError(`context "${name}" is in use, set -f flag to force remove`);
      removeContext(context.configDirectory, name);
    });
  },
});
