import { waitContainer } from "#client";
import { CliError, command, joinErrors } from "../framework/command.ts";

export const wait = command({
  usage: "CONTAINER [CONTAINER...]",
  args: [1, Infinity],
  flags: {},
  async run(context, { args }) {
    const errors: unknown[] = [];
    for (const name of args) {
      try {
        const { StatusCode, Error: failure } = await (await waitContainer(context.client, name)).result;
        if (failure) errors.push(new CliError(failure.Message));
        else context.stdout.write(`${StatusCode}\n`);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw joinErrors(errors);
  },
});
