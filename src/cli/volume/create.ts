import { createVolume } from "#client";
import { keyValues } from "../container/text-files.ts";
import { CliError, command } from "../framework/command.ts";
import { list, string } from "../framework/flags.ts";

export const create = command({
  usage: "[OPTIONS] [VOLUME]",
  args: [0, 1],
  flags: {
    driver: string("Volume driver", { short: "d", initial: "local" }),
    label: list("Label (key=value)"),
    name: string("Name of the volume", { hidden: true }),
    opt: list("Option of the driver (key=value)", { short: "o", valueName: "map" }),
  },
  async run(context, { flags, args: [given] }) {
    if (given !== undefined && flags.name !== "")
      throw new CliError(
        "conflicting options: cannot specify a volume-name through both --name and as a positional arg",
      );
    const { Name } = await createVolume(context.client, {
      Name: given ?? flags.name,
      Driver: flags.driver,
      DriverOpts: keyValues(flags.opt),
      Labels: keyValues(flags.label),
    });
    context.stdout.write(`${Name}\n`);
  },
});
