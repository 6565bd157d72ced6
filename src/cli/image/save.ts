import { saveImages } from "#client";
import { command } from "../framework/command.ts";
import { platform, string } from "../framework/flags.ts";
import { writeTar } from "../framework/tar-output.ts";

export const save = command({
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  args: [1, Infinity],
  flags: {
    output: string("File to write instead of stdout", { short: "o" }),
    platform: platform("Save only this platform (os/arch[/variant])"),
  },
  run: (context, { flags, args }) =>
    writeTar(context, flags.output, "save", () => saveImages(context.client, args, platformJson(flags.platform))),
});

/** `linux/arm64/v8` as the API takes it. */
export function platformJson(text: string): string | undefined {
  if (text === "") return undefined;
  const [os = "", architecture = "", variant] = text.split("/");
  return JSON.stringify({ os, architecture, ...(variant === undefined ? {} : { variant }) });
}
