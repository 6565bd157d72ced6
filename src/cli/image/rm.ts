import { ApiError, removeImage } from "#client";
import { command, errorText, joinErrors } from "../framework/command.ts";
import { bool, list } from "../framework/flags.ts";

export const rm = command({
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  args: [1, Infinity],
  flags: {
    force: bool("Remove it although containers use it", { short: "f" }),
    "no-prune": bool("Keep untagged parents"),
    platform: list("Remove only this platform (os/arch[/variant])", { valueName: "strings" }),
  },
  async run(context, { flags, args }) {
    const errors: unknown[] = [];
    let fatal = false;
    for (const name of args) {
      try {
        const removed = await removeImage(context.client, name, {
          force: flags.force,
          noprune: flags["no-prune"],
          platforms: flags.platform,
        });
        for (const item of removed)
          context.stdout.write("Deleted" in item ? `Deleted: ${item.Deleted}\n` : `Untagged: ${item.Untagged}\n`);
      } catch (error) {
        errors.push(error);
        if (!(error instanceof ApiError && error.status === 404)) fatal = true;
      }
    }
    if (errors.length === 0) return;
    if (fatal || !flags.force) throw joinErrors(errors);
    for (const error of errors) context.stderr.write(`${errorText(error)}\n`);
  },
});
