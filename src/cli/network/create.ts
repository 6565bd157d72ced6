import { createNetwork } from "#client";
import { keyValues } from "../container/text-files.ts";
import { CliError, command } from "../framework/command.ts";
import { bool, list, string, type FlagValues } from "../framework/flags.ts";

const flags = {
  attachable: bool("Let containers be attached by hand"),
  "aux-address": list("Address that the network keeps for others (name=address)", { valueName: "map" }),
  driver: string("Network driver", { short: "d", initial: "bridge" }),
  gateway: list("Gateway of the subnet", { valueName: "strings" }),
  internal: bool("No way to the outside"),
  "ip-range": list("Part of the subnet that containers get addresses from", { valueName: "strings" }),
  "ipam-driver": string("Driver of addresses", { initial: "default" }),
  "ipam-opt": list("Option of the driver of addresses (key=value)", { valueName: "map" }),
  ipv4: bool("Give IPv4 addresses", { initial: true }),
  ipv6: bool("Give IPv6 addresses"),
  label: list("Label (key=value)"),
  opt: list("Option of the driver (key=value)", { short: "o", valueName: "map" }),
  subnet: list("Subnet in CIDR form", { valueName: "strings" }),
} as const;

export const create = command({
  usage: "[OPTIONS] NETWORK",
  args: [1, 1],
  flags,
  async run(context, { flags: values, changed, args: [Name = ""] }) {
    const { Id, Warning } = await createNetwork(context.client, {
      Name,
      Driver: values.driver,
      Internal: values.internal,
      Attachable: values.attachable,
      Options: keyValues(values.opt),
      Labels: keyValues(values.label),
      IPAM: { Driver: values["ipam-driver"], Options: keyValues(values["ipam-opt"]), Config: subnets(values) },
      ...(changed.has("ipv4") ? { EnableIPv4: values.ipv4 } : {}),
      ...(changed.has("ipv6") ? { EnableIPv6: values.ipv6 } : {}),
    });
    if (Warning) context.stderr.write(`WARNING: ${Warning}\n`);
    context.stdout.write(`${Id}\n`);
  },
});

/** Gateways and ranges go to the subnets in their order; other addresses to the only one. */
function subnets(values: FlagValues<typeof flags>): readonly Readonly<Record<string, unknown>>[] {
  const { subnet, gateway, "ip-range": range, "aux-address": auxiliary } = values;
  if (subnet.length === 0 && (gateway.length > 0 || range.length > 0))
    throw new CliError("every ip-range or gateway must have a corresponding subnet");
  if (auxiliary.length > 0 && subnet.length !== 1)
    throw new CliError("every aux-address must have one corresponding subnet");
  return subnet.map((Subnet, i) => ({
    Subnet,
    ...(gateway[i] === undefined ? {} : { Gateway: gateway[i] }),
    ...(range[i] === undefined ? {} : { IPRange: range[i] }),
    ...(auxiliary.length > 0 ? { AuxiliaryAddresses: keyValues(auxiliary) } : {}),
  }));
}
