import { EngineError } from "#core";
import type { NetworkInfo } from "#spec";
import type { Filters, Networks } from "../contract.ts";
import type { ContainerContext } from "../containers/context.ts";
import { networkConfig } from "./attach.ts";
import type { NetworkRecord } from "./registry.ts";

export function createNetworks(context: ContainerContext): Networks {
  return {
    list: (filters) =>
      context.networks
        .list()
        .filter((network) => matches(network, filters))
        .map((network) => info(context, network, {})),
    inspect: (ref) => {
      const network = context.networks.find(ref);
      return info(context, network, connected(context, network));
    },
    // All networks there are so far are Docker's own three.
    remove: (ref) => {
      const { name } = context.networks.find(ref);
      throw new EngineError("forbidden", `${name} is a pre-defined network and cannot be removed`);
    },
    prune: () => {
      context.deps.events.emit({ type: "network", action: "prune", id: "", attributes: { reclaimed: "0" } });
      return [];
    },
  };
}

/** In Docker's order, which `network inspect` shows. */
function info({ networks }: ContainerContext, network: NetworkRecord, Containers: ConnectedContainers): NetworkInfo {
  const isBridge = network.driver === "bridge";
  const { subnet, gateway } = networkConfig(networks, network);
  return {
    Name: network.name,
    Id: network.id,
    Created: network.createdAt,
    Scope: "local",
    Driver: network.driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: "default", Options: null, Config: isBridge ? [{ Subnet: subnet, Gateway: gateway }] : null },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Containers,
    Options: isBridge ? bridgeOptions(networks.bridge.name) : {},
    Labels: {},
  };
}

type ConnectedContainers = NonNullable<NetworkInfo["Containers"]>;

function bridgeOptions(name: string): Readonly<Record<string, string>> {
  return {
    "com.docker.network.bridge.default_bridge": "true",
    "com.docker.network.bridge.enable_icc": "true",
    "com.docker.network.bridge.enable_ip_masquerade": "true",
    "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
    "com.docker.network.bridge.name": name,
    "com.docker.network.driver.mtu": "1500",
  };
}

function connected({ registry }: ContainerContext, network: NetworkRecord): ConnectedContainers {
  const entries = registry.all().flatMap(({ id, name, state: { endpoint } }) => {
    if (endpoint?.networkId !== network.id) return [];
    const { endpointId, macAddress, ipAddress, prefixLength } = endpoint;
    return [
      [
        id,
        {
          Name: name,
          EndpointID: endpointId,
          MacAddress: macAddress,
          IPv4Address: `${ipAddress}/${prefixLength}`,
          IPv6Address: "",
        },
      ] as const,
    ];
  });
  return Object.fromEntries(entries);
}

function matches(network: NetworkRecord, filters: Filters): boolean {
  const tests: Readonly<Record<string, (value: string) => boolean>> = {
    driver: (value) => network.driver === value,
    id: (value) => network.id.startsWith(value),
    name: (value) => network.name.includes(value),
    scope: (value) => value === "local",
    type: (value) => value === "builtin",
    label: () => false,
    dangling: (value) => value === "false" || value === "0",
  };
  return [...filters].every(([key, values]) => values.some((value) => tests[key]?.(value) ?? false));
}
