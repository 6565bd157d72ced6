import { command } from "../framework/command.ts";

export const show = command({
  usage: "",
  args: [0, 0],
  flags: {},
  async run(context) {
    context.stdout.write(`${context.contextName}\n`);
  },
});
