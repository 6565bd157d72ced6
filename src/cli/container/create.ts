import { command, RunError, type Context } from "../framework/command.ts";
import { createRequest, type CreateInput } from "./create-request.ts";
import { createWithPull } from "./create-with-pull.ts";
import { createFlags } from "./run-flags.ts";

export const create = command({
  usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
  args: [1, Infinity],
  flags: createFlags,
  interspersed: false,
  async run(context, input) {
    const id = await createWithPull(context, input, requestOf(context, input));
    context.stdout.write(`${id}\n`);
  },
});

function requestOf(context: Context, input: CreateInput): ReturnType<typeof createRequest> {
  try {
    return createRequest(context, input);
  } catch (error) {
    throw new RunError(error);
  }
}
