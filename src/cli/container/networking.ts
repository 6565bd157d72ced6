import type { EndpointSpec } from "#spec";
import { CliError } from "../framework/command.ts";
import { keyValues } from "./text-files.ts";
import type { CreateValues } from "./run-flags.ts";

export interface Networking {
  readonly mode: string;
  readonly endpoints: Readonly<Record<string, EndpointSpec>>;
}

interface Attachment {
  name: string;
  readonly aliases: string[];
  ip?: string;
  ip6?: string;
  mac?: string;
  gatewayPriority?: number;
  readonly linkLocal: string[];
  readonly options: string[];
}

/** Reads `--network` (short and long form) with the flags that belong to the first network. @throws CliError */
export function parseNetworking(flags: CreateValues): Networking {
  const networks = [...flags.network, ...flags.net].map(parseNetwork);
  const first = networks[0] ?? parseNetwork("default");
  applyFlags(first, flags);
  const endpoints: Record<string, EndpointSpec> = {};
  for (const network of networks.length === 0 ? [first] : networks) {
    const endpoint = endpointOf(network, network === first ? flags.link : []);
    if (network === first || Object.keys(endpoint).length > 0 || networks.length > 1)
      endpoints[network.name] = endpoint;
  }
  return { mode: first.name, endpoints };
}

function parseNetwork(text: string): Attachment {
  const attachment: Attachment = { name: "", aliases: [], linkLocal: [], options: [] };
  if (!/^[a-z0-9-]+=/.test(text)) return { ...attachment, name: text };
  for (const field of text.split(",")) {
    const at = field.indexOf("=");
    if (at < 0) throw new CliError(`invalid field ${field}`, 125);
    setField(attachment, field.slice(0, at).trim().toLowerCase(), field.slice(at + 1).trim());
  }
  if (attachment.name === "") throw new CliError("network name is required", 125);
  return attachment;
}

function setField(attachment: Attachment, key: string, value: string): void {
  if (key === "name") attachment.name = value;
  else if (key === "alias") attachment.aliases.push(value.toLowerCase());
  else if (key === "ip") attachment.ip = value;
  else if (key === "ip6") attachment.ip6 = value;
  else if (key === "mac-address") attachment.mac = value;
  else if (key === "link-local-ip") attachment.linkLocal.push(value);
  else if (key === "driver-opt") attachment.options.push(value);
  else if (key === "gw-priority") attachment.gatewayPriority = Number(value);
  else throw new CliError(`invalid field key ${key}`, 125);
}

function applyFlags(network: Attachment, flags: CreateValues): void {
  network.aliases.push(...flags["network-alias"], ...flags["net-alias"]);
  network.linkLocal.push(...flags["link-local-ip"]);
  if (flags.ip !== "") network.ip = flags.ip;
  if (flags.ip6 !== "") network.ip6 = flags.ip6;
  if (flags["mac-address"] !== "") network.mac = flags["mac-address"];
}

function endpointOf(network: Attachment, links: readonly string[]): EndpointSpec {
  const { ip, ip6, linkLocal, aliases, mac, options, gatewayPriority } = network;
  const addressed = ip !== undefined || ip6 !== undefined || linkLocal.length > 0;
  const userDefined = !/^(default|bridge|host|none|container:.*)$/.test(network.name);
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
