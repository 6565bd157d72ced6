import { topContainer } from "#client";
import { alignTabs } from "#term";
import { command } from "../framework/command.ts";

export const top = command({
  usage: "CONTAINER [ps OPTIONS]",
  args: [1, Infinity],
  flags: {},
  interspersed: false,
  async run(context, { args: [container = "", ...options] }) {
    const { Titles, Processes } = await topContainer(context.client, container, options);
    const lines = [Titles, ...Processes].map((cells) => `${cells.join("\t")}\n`);
    context.stdout.write(alignTabs(lines.join(""), { minWidth: 20, padding: 3 }));
  },
});
