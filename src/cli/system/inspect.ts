import { ApiError, inspectContainer, inspectImage, inspectNetwork, inspectVolume } from "#client";
import { CliError, command, type Context } from "../framework/command.ts";
import { bool, inspectFormat, string } from "../framework/flags.ts";
import { inspectEach } from "../framework/inspect-output.ts";

type Getter = (context: Context, name: string, size: boolean) => Promise<unknown>;

const getters: Readonly<Record<string, Getter>> = {
  container: ({ client }, name, size) => inspectContainer(client, name, size),
  image: ({ client }, name) => inspectImage(client, name),
  network: ({ client }, name) => inspectNetwork(client, name),
  volume: ({ client }, name) => inspectVolume(client, name),
};

const typeNames = '"config", "container", "image", "network", "node", "plugin", "secret", "service", "task", "volume"';

export const inspect = command({
  usage: "[OPTIONS] NAME|ID [NAME|ID...]",
  args: [1, Infinity],
  flags: {
    format: inspectFormat(),
    size: bool("Also sum up file sizes of containers", { short: "s" }),
    type: string("Look only for objects of this type: container, image, network or volume"),
  },
  run(context, { flags, changed, args }) {
    if (changed.has("type") && flags.type === "") throw new CliError(`type is empty: must be one of ${typeNames}`);
    const only = flags.type === "" ? undefined : getters[flags.type];
    if (flags.type !== "" && !only)
      throw new CliError(`unknown type: ${JSON.stringify(flags.type)}: must be one of ${typeNames}`);
    return inspectEach(context, args, flags.format, (name) =>
      findObject(context, name, only ? [only] : Object.values(getters), flags.size),
    );
  },
});

async function findObject(
  context: Context,
  name: string,
  candidates: readonly Getter[],
  size: boolean,
): Promise<unknown> {
  for (const get of candidates) {
    try {
      return await get(context, name, size);
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status !== 404 && !/invalid reference format/.test(error.message)))
        throw error;
      if (candidates.length === 1) throw error;
    }
  }
  throw new CliError(`Error: No such object: ${name}`);
}
