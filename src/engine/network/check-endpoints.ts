import { isIPv4, isIPv6 } from "node:net";
import { EngineError } from "#core";
import type { ContainerConfig, EndpointSpec, HostConfig } from "#spec";
import { networkConfig } from "./attach.ts";
import type { NetworkRecord, NetworkRegistry } from "./registry.ts";

/**
 * Addresses that a container asks for on its networks, in Docker's words. Of a network that is not there the start tells.
 * @throws EngineError `invalid`
 */
export function checkEndpoints(
  networks: NetworkRegistry,
  { NetworkMode = "" }: HostConfig,
  config: ContainerConfig,
  endpoints: Readonly<Record<string, EndpointSpec>>,
): void {
  const { MacAddress = "" } = config;
  if (MacAddress !== "") checkMac(NetworkMode === "" || NetworkMode === "default" ? "bridge" : NetworkMode, MacAddress);
  for (const [name, endpoint] of Object.entries(endpoints)) {
    if (endpoint.MacAddress) checkMac(name, endpoint.MacAddress);
    const network = endpoint.IPAMConfig && networks.list().find((known) => known.name === name || known.id === name);
    if (!network) continue;
    const faults = addressFaults(networks, network, endpoint.IPAMConfig ?? {});
    const list = faults.length > 1 ? faults.map((fault) => `* ${fault}`) : faults;
    if (list.length > 0) refuse(name, ["invalid endpoint settings:", ...list].join("\n"));
  }
}

function refuse(network: string, fault: string): never {
  throw new EngineError("invalid", `invalid config for network ${network}: ${fault}`);
}

function checkMac(network: string, address: string): void {
  if (!/^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(address))
    refuse(network, `invalid MAC address ${address}`);
}

function addressFaults(
  networks: NetworkRegistry,
  network: NetworkRecord,
  wanted: NonNullable<EndpointSpec["IPAMConfig"]>,
): string[] {
  const { IPv4Address = "", IPv6Address = "", LinkLocalIPs } = wanted;
  const faults: string[] = [];
  // All networks there are so far are Docker's own three.
  if (IPv4Address !== "" || IPv6Address !== "")
    faults.push("user specified IP address is supported on user defined networks only");
  if (IPv4Address !== "" && !isIPv4(IPv4Address)) faults.push(`invalid IPv4 address: ${IPv4Address}`);
  if (IPv6Address !== "" && !isIPv6(IPv6Address)) faults.push(`invalid IPv6 address: ${IPv6Address}`);
  for (const address of LinkLocalIPs ?? []) {
    if (!isIPv4(address) && !isIPv6(address)) faults.push(`invalid link-local IP address: ${address}`);
  }
  const noSubnet =
    "user specified IP address is supported only when connecting to networks with user configured subnets";
  if (IPv4Address !== "") {
    if (network.driver !== "bridge") faults.push(noSubnet);
    else if (!contains(networkConfig(networks, network).subnet, IPv4Address))
      faults.push(`no configured subnet or ip-range contain the IP address ${IPv4Address}`);
  }
  if (IPv6Address !== "") faults.push(noSubnet);
  return faults;
}

function contains(subnet: string, address: string): boolean {
  if (!isIPv4(address)) return false;
  const [base = "", prefix = "32"] = subnet.split("/");
  const size = 2 ** (32 - Number(prefix));
  return Math.floor(numberOf(base) / size) === Math.floor(numberOf(address) / size);
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}
