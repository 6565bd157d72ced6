import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { importImage, type ByteSource } from "#client";
import { createProgress } from "#term";
import { CliError, command } from "../framework/command.ts";
import { list, platform, string } from "../framework/flags.ts";

export const importCommand = command({
  usage: "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
  args: [1, 2],
  flags: {
    change: list("Dockerfile instruction to apply", { short: "c" }),
    message: string("Message of the image", { short: "m" }),
    platform: platform(),
  },
  async run(context, { flags, args: [source = "", name] }) {
    const { familiarName, parseReference } = await import("#spec");
    const reference = name === undefined ? undefined : parseReference(name);
    let tar: ByteSource | undefined;
    if (source === "-") tar = context.stdin();
    else if (!/^https?:\/\//.test(source)) {
      const path = resolve(context.cwd, source);
      if (!existsSync(path)) throw new CliError(`open ${source}: no such file or directory`);
      tar = Bun.file(path).stream();
    }
    const options = {
      fromSrc: tar ? "-" : source,
      repo: reference && familiarName(reference),
      tag: reference?.tag,
      message: flags.message,
      changes: flags.change,
      platform: flags.platform,
    };
    const progress = createProgress(context.stdout);
    for await (const message of importImage(context.client, options, tar)) progress.show(message);
  },
});
