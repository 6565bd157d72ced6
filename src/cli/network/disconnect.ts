import { disconnectNetwork } from "#client";
import { command } from "../framework/command.ts";
import { force } from "../framework/flags.ts";

export const disconnect = command({
  usage: "[OPTIONS] NETWORK CONTAINER",
  args: [2, 2],
  flags: { force: force("Disconnect also what does not run well") },
  run: (context, { flags, args: [network = "", container = ""] }) =>
    disconnectNetwork(context.client, network, container, flags.force),
});
