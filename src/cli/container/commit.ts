import { commitContainer } from "#client";
import { command } from "../framework/command.ts";
import { bool, list, string } from "../framework/flags.ts";

export const commit = command({
  usage: "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
  args: [1, 2],
  flags: {
    author: string("Author of the image", { short: "a" }),
    change: list("Dockerfile instruction to apply", { short: "c" }),
    message: string("Message of the commit", { short: "m" }),
    pause: bool("Pause the container meanwhile", { short: "p", initial: true }),
  },
  async run(context, { flags, args: [container = "", name] }) {
    const { familiarName, parseReference } = await import("#spec");
    const reference = name === undefined ? undefined : parseReference(name);
    const { Id } = await commitContainer(context.client, {
      container,
      repo: reference && familiarName(reference),
      tag: reference?.tag,
      comment: flags.message,
      author: flags.author,
      changes: flags.change,
      pause: flags.pause,
    });
    context.stdout.write(`${Id}\n`);
  },
});
