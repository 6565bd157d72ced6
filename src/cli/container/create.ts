import { command, RunError } from "../framework/command.ts";
import { createRequest } from "./create-request.ts";
import { createWithPull } from "./create-with-pull.ts";
import { createFlags } from "./run-flags.ts";

export const create = command({
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  args: [1, Infinity],
  flags: createFlags,
  interspersed: false,
  async run(context, input) {
    try {
      const id = await createWithPull(context, input, createRequest(context, input));
      context.stdout.write(`${id}\n`);
    } catch (error) {
      throw new RunError(error);
    }
  },
});
