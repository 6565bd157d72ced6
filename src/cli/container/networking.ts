import type { EndpointSpec } from "#spec";
import { CliError } from "../framework/command.ts";
import { parseNetwork, type Attachment } from "./network-option.ts";
import { isMacAddress } from "./run-checks.ts";
import { keyValues } from "./text-files.ts";
import type { CreateValues } from "./run-flags.ts";

export interface Networking {
  readonly mode: string;
  readonly endpoints: Readonly<Record<string, EndpointSpec>>;
}

/** Reads `--network` (short and long form) with the flags that belong to the first network. @throws CliError */
export function parseNetworking(flags: CreateValues): Networking {
  const networks = [...flags.network, ...flags.net].map((text) => parseNetwork(text));
  const first = networks[0] ?? parseNetwork("default");
  applyFlags(first, flags);
  checkTogether(networks.length === 0 ? [first] : networks);
  const endpoints: Record<string, EndpointSpec> = {};
  for (const network of networks.length === 0 ? [first] : networks) {
    const endpoint = endpointOf(network, network === first ? flags.link : []);
    if (network === first || Object.keys(endpoint).length > 0 || networks.length > 1)
      endpoints[network.name] = endpoint;
  }
  return { mode: first.name, endpoints };
}

function applyFlags(network: Attachment, flags: CreateValues): void {
  const once = (given: boolean, before: boolean, flag: string, field: string): void => {
    if (given && before)
      throw new CliError(`conflicting options: cannot specify both --${flag} and per-network ${field}`, 125);
  };
  const aliases = [...flags["network-alias"], ...flags["net-alias"]];
  once(aliases.length > 0, network.aliases.length > 0, "network-alias", "alias");
  once(flags.ip !== "", network.ip !== undefined, "ip", "IPv4 address");
  once(flags.ip6 !== "", network.ip6 !== undefined, "ip6", "IPv6 address");
  once(flags["link-local-ip"].length > 0, network.linkLocal.length > 0, "link-local-ip", "link-local IP addresses");
  once(flags["mac-address"] !== "", network.mac !== undefined, "mac-address", "MAC address");
  network.aliases.push(...aliases);
  network.linkLocal.push(...flags["link-local-ip"]);
  if (flags.ip !== "") network.ip = flags.ip;
  if (flags.ip6 !== "") network.ip6 = flags.ip6;
  if (flags["mac-address"] !== "") network.mac = flags["mac-address"];
}

/** What only networks of a user's own have, and what excludes each other. */
function checkTogether(networks: readonly Attachment[]): void {
  const seen = new Set<string>();
  for (const { name, aliases } of networks) {
    if (name.trim() === "") throw new CliError("no name set for network", 125);
    if (aliases.length > 0 && !isUserDefined(name))
      throw new CliError("network-scoped aliases are only supported for user-defined networks", 125);
  }
  const wrongMac = networks.find(({ mac }) => mac !== undefined && !isMacAddress(mac.trim()))?.mac;
  if (wrongMac !== undefined) throw new CliError(`${wrongMac.trim()} is not a valid mac address`, 125);
  if (networks.some(({ name }) => isUserDefined(name)) && networks.some(({ name }) => !isUserDefined(name)))
    throw new CliError("conflicting options: cannot attach both user-defined and non-user-defined network-modes", 125);
  for (const { name } of networks) {
    if (seen.has(name)) throw new CliError(`network "${name}" is specified multiple times`, 125);
    seen.add(name);
  }
}

function isUserDefined(name: string): boolean {
  return !/^(?:default|bridge|host|none|container:.*)$/.test(name);
}

function endpointOf(network: Attachment, links: readonly string[]): EndpointSpec {
  const { ip, ip6, linkLocal, aliases, mac, options, gatewayPriority } = network;
  const addressed = ip !== undefined || ip6 !== undefined || linkLocal.length > 0;
  const userDefined = isUserDefined(network.name);
  return {
    ...(addressed
      ? {
          IPAMConfig: {
            ...(ip ? { IPv4Address: ip } : {}),
            ...(ip6 ? { IPv6Address: ip6 } : {}),
            ...(linkLocal.length > 0 ? { LinkLocalIPs: linkLocal } : {}),
          },
        }
      : {}),
    ...(aliases.length > 0 ? { Aliases: aliases } : {}),
    ...(links.length > 0 && userDefined ? { Links: links } : {}),
    ...(mac === undefined ? {} : { MacAddress: mac }),
    ...(options.length > 0 ? { DriverOpts: keyValues(options) } : {}),
    ...(gatewayPriority === undefined ? {} : { GwPriority: gatewayPriority }),
  };
}
