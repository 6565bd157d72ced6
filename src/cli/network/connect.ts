import { connectNetwork } from "#client";
import { keyValues } from "../container/text-files.ts";
import { command } from "../framework/command.ts";
import { int, list, string } from "../framework/flags.ts";

export const connect = command({
  usage: "[OPTIONS] NETWORK CONTAINER",
  args: [2, 2],
  flags: {
    alias: list("Further name on the network", { valueName: "strings" }),
    "driver-opt": list("Option of the driver (key=value)", { valueName: "strings" }),
    "gw-priority": int("The network of the highest priority gives the default gateway"),
    ip: string("IPv4 address"),
    ip6: string("IPv6 address"),
    link: list("Link to another container (name:alias)"),
    "link-local-ip": list("Link-local address", { valueName: "strings" }),
  },
  async run(context, { flags, args: [network = "", Container = ""] }) {
    await connectNetwork(context.client, network, {
      Container,
      EndpointConfig: {
        IPAMConfig: { IPv4Address: flags.ip, IPv6Address: flags.ip6, LinkLocalIPs: flags["link-local-ip"] },
        Links: flags.link,
        Aliases: flags.alias,
        DriverOpts: keyValues(flags["driver-opt"]),
        GwPriority: flags["gw-priority"] ?? 0,
      },
    });
  },
});
