import { EngineError, failpoint } from "#core";
import {
  addBridge,
  addDefaultRoute,
  addVeth,
  deleteLink,
  getLink,
  openNetworkNamespace,
  setAddress,
  setLinkUp,
  type Link,
  type RouteSocket,
} from "#linux";
import type { AttachOptions, EndpointSettings, NetworkConfig, Sandbox } from "../contract.ts";
import { formatIpv4, macOfIpv4, parseSubnet } from "../subnet.ts";

/** Docker's option for the MTU of a network. */
const mtuOption = "com.docker.network.driver.mtu";

/** Host end of an endpoint's veth pair: 15 bytes, which is all an interface name may have. */
export function hostLinkName(endpointId: string): string {
  return `veth${endpointId.slice(0, 11)}`;
}

/** Makes the bridge where absent, gives it its address and sets it up. @returns its index */
export function raiseBridge(routes: RouteSocket, network: NetworkConfig): number {
  const bridge = getLink(routes, network.bridgeName) ?? makeBridge(routes, network);
  if (bridge.kind !== "bridge") {
    throw new EngineError(
      "conflict",
      `cannot use interface ${network.bridgeName} for network ${network.name}: it is no bridge`,
    );
  }
  const { broadcast, prefixLength } = parseSubnet(network.subnet);
  setAddress(routes, { index: bridge.index, address: network.gateway, prefixLength, broadcast: formatIpv4(broadcast) });
  if (!bridge.up) setLinkUp(routes, network.bridgeName);
  return bridge.index;
}

/** The MAC is set, because a bridge without one changes it as ports come and go. */
function makeBridge(routes: RouteSocket, network: NetworkConfig): Link {
  addBridge(routes, { name: network.bridgeName, macAddress: macOfIpv4(network.gateway), ...mtuOf(network) });
  const bridge = getLink(routes, network.bridgeName);
  if (bridge === undefined)
    throw new EngineError("internal", `bridge ${network.bridgeName} is gone right after it was made`);
  return bridge;
}

/** Removes a bridge; harmless when absent, and another kind of interface of that name stays. */
export function lowerBridge(routes: RouteSocket, name: string): void {
  if (getLink(routes, name)?.kind === "bridge") deleteLink(routes, name);
}

function mtuOf(network: NetworkConfig): { readonly mtu?: number } {
  const text = network.options[mtuOption];
  if (text === undefined) return {};
  if (!/^\d{2,5}$/.test(text) || Number(text) < 68)
    throw new EngineError("invalid", `invalid value for '${mtuOption}': ${text}`);
  return { mtu: Number(text) };
}

export interface Join {
  readonly network: NetworkConfig;
  readonly bridgeIndex: number;
  readonly sandbox: Sandbox;
  readonly ipAddress: string;
  readonly options: AttachOptions;
}

/** Veth pair with one end in the sandbox, address, up, default route. The caller undoes it. */
export function joinBridge(routes: RouteSocket, join: Join): EndpointSettings {
  const { network, options, ipAddress } = join;
  const interfaceName = options.interfaceName ?? "eth0";
  const macAddress = options.macAddress ?? macOfIpv4(ipAddress);
  const name = hostLinkName(options.endpointId);
  using namespace = openNetworkNamespace(join.sandbox.path);
  const peer = { name: interfaceName, macAddress, namespaceFd: namespace.fd };
  addVeth(routes, { name, master: join.bridgeIndex, ...mtuOf(network), peer });
  failpoint("endpoint.link");
  setLinkUp(routes, name);
  configure(namespace.routes, join, interfaceName);
  return {
    networkId: network.id,
    endpointId: options.endpointId,
    ipAddress,
    prefixLength: parseSubnet(network.subnet).prefixLength,
    gateway: network.internal ? "" : network.gateway,
    macAddress,
    interfaceName,
  };
}

function configure(routes: RouteSocket, { network, ipAddress }: Join, interfaceName: string): void {
  const link = getLink(routes, interfaceName);
  if (link === undefined)
    throw new EngineError("internal", `interface ${interfaceName} did not appear in its namespace`);
  const { broadcast, prefixLength } = parseSubnet(network.subnet);
  setAddress(routes, { index: link.index, address: ipAddress, prefixLength, broadcast: formatIpv4(broadcast) });
  setLinkUp(routes, interfaceName);
  if (!network.internal) addDefaultRoute(routes, { index: link.index, gateway: network.gateway });
}
