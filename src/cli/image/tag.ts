import { tagImage } from "#client";
import { command } from "../framework/command.ts";

export const tag = command({
  usage: "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
  args: [2, 2],
  flags: {},
  async run(context, { args: [source = "", target = ""] }) {
    const { parseTarget } = await import("./target.ts");
    const { repo, tag: name } = parseTarget(target);
    await tagImage(context.client, source, repo, name);
  },
});
