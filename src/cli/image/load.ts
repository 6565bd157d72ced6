import { resolve } from "node:path";
import { existsSync } from "node:fs";
import { loadImages } from "#client";
import { createProgress } from "#term";
import { CliError, command } from "../framework/command.ts";
import { platform, quiet, string } from "../framework/flags.ts";
import { platformJson } from "./save.ts";

export const load = command({
  usage: "[OPTIONS]",
  args: [0, 0],
  flags: {
    input: string("File to read instead of stdin", { short: "i" }),
    platform: platform("Load only this platform (os/arch[/variant])"),
    quiet: quiet("Do not show progress"),
  },
  async run(context, { flags }) {
    const { client, cwd, stdout } = context;
    const path = flags.input === "" ? undefined : resolve(cwd, flags.input);
    if (path === undefined && context.stdinIsTty()) throw new CliError("requested load from stdin, but stdin is empty");
    if (path !== undefined && !existsSync(path)) throw new CliError(`open ${flags.input}: no such file or directory`);
    const tar = path === undefined ? context.stdin() : Bun.file(path).stream();
    const progress = createProgress(stdout);
    const quietly = flags.quiet || !stdout.isTty;
    for await (const message of loadImages(client, tar, { quiet: quietly, platform: platformJson(flags.platform) }))
      progress.show(message);
  },
});
