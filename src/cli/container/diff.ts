import { listChanges } from "#client";
import { command } from "../framework/command.ts";

const letters = ["C", "A", "D"] as const;

export const diff = command({
  usage: "CONTAINER",
  args: [1, 1],
  flags: {},
  async run(context, { args: [container = ""] }) {
    for (const { Kind, Path } of await listChanges(context.client, container))
      context.stdout.write(`${letters[Kind]} ${Path}\n`);
  },
});
