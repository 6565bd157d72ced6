import { exportContainer } from "#client";
import { command } from "../framework/command.ts";
import { string } from "../framework/flags.ts";
import { writeTar } from "../framework/tar-output.ts";

export const exportCommand = command({
  usage: "[OPTIONS] CONTAINER",
  args: [1, 1],
  flags: { output: string("File to write instead of stdout", { short: "o" }) },
  run: (context, { flags, args: [container = ""] }) =>
    writeTar(context, flags.output, "export", () => exportContainer(context.client, container)),
});
