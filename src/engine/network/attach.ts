import { blaming, EngineError, failpoint, isEngineError, randomHexId } from "#core";
import type { NetworkConfig, PortBinding, Sandbox } from "#network";
import type { PortMap } from "#spec";
import type { ContainerContext } from "../containers/context.ts";
import { isRunning, type ContainerRecord, type EndpointRecord } from "../containers/record.ts";
import { checkSameUserNamespace } from "../userns/user-namespaces.ts";
import type { NetworkRecord, NetworkRegistry } from "./registry.ts";
import { networkPlan } from "./mode.ts";
import { portBindings, portMap } from "./port-bindings.ts";

/** The network side of a container that starts. */
export interface ConnectedNetwork {
  readonly endpoint: EndpointRecord | undefined;
  readonly ports: PortMap | undefined;
}

/** A sandbox that a task can be made in at once, and joined to its network meanwhile. */
export interface PreparedNetwork {
  /** Undefined: the host's network. */
  readonly sandboxPath: string | undefined;
  /** Endpoint and published ports. */
  connect(): Promise<ConnectedNetwork>;
}

/**
 * Gives the container its sandbox, and on `connect` the rest; `undo` takes all away again.
 * @param namespacePath network namespace that its user namespace owns
 */
export function prepareNetwork(
  context: ContainerContext,
  record: ContainerRecord,
  undo: AsyncDisposableStack,
  namespacePath?: string,
): PreparedNetwork {
  const plan = networkPlan(record.hostConfig.NetworkMode ?? "bridge");
  if (plan.kind === "host" || plan.kind === "container") refuseOthers(record);
  if (plan.kind === "host") return unconnected(undefined);
  if (plan.kind === "container") return unconnected(sharedSandbox(context, plan.ref, record));
  const { sandboxes } = context.deps;
  const sandbox = namespacePath === undefined ? sandboxes.create(record.id) : sandboxes.adopt(record.id, namespacePath);
  undo.defer(() => sandboxes.remove(record.id));
  if (plan.kind === "none" || record.config.NetworkDisabled) return unconnected(sandbox.path);
  return { sandboxPath: sandbox.path, connect: () => connectBridge(context, record, sandbox, undo) };
}

/** Whose network is another's cannot be on one of its own, too. */
function refuseOthers({ endpoints, hostConfig }: ContainerRecord): void {
  if (Object.keys(endpoints).every((name) => name === hostConfig.NetworkMode)) return;
  throw new EngineError(
    "invalid",
    "failed to set up container networking: container sharing network namespace with another container or host cannot be connected to any other network",
  );
}

function unconnected(sandboxPath: string | undefined): PreparedNetwork {
  return { sandboxPath, connect: () => Promise.resolve({ endpoint: undefined, ports: undefined }) };
}

async function connectBridge(
  context: ContainerContext,
  record: ContainerRecord,
  sandbox: Sandbox,
  undo: AsyncDisposableStack,
): Promise<ConnectedNetwork> {
  const { deps, networks } = context;
  const network = blaming("failed to set up container networking", () =>
    networks.find(record.hostConfig.NetworkMode ?? "bridge"),
  );
  const config = networkConfig(networks, network);
  const key = { containerId: record.id, endpointId: randomHexId() };
  const wanted = record.endpoints[network.name];
  const macAddress = wanted?.MacAddress || record.config.MacAddress;
  const requestedIp = wanted?.IPAMConfig?.IPv4Address;
  const settings = await deps.network.attach(config, sandbox, {
    ...key,
    ...(macAddress ? { macAddress } : {}),
    ...(requestedIp ? { requestedIp } : {}),
  });
  undo.defer(() => deps.network.detach(config, key));
  const ports = portBindings(record.config, record.hostConfig);
  const published =
    ports.length === 0 ? [] : await publish(context, { config, endpointId: key.endpointId }, record, ports);
  const { ipAddress, prefixLength, gateway } = settings;
  const endpoint = {
    networkName: network.name,
    networkId: network.id,
    endpointId: key.endpointId,
    ipAddress,
    prefixLength,
    gateway,
    macAddress: settings.macAddress,
  };
  return { endpoint, ports: portMap(record.config, published) };
}

async function publish(
  { deps }: ContainerContext,
  { config, endpointId }: { readonly config: NetworkConfig; readonly endpointId: string },
  record: ContainerRecord,
  ports: readonly PortBinding[],
): Promise<readonly PortBinding[]> {
  try {
    return await deps.network.publish(config, { containerId: record.id, endpointId }, ports);
  } catch (error) {
    if (!isEngineError(error, "conflict")) throw error;
    const message = `failed to set up container networking: driver failed programming external connectivity on endpoint ${record.name} (${endpointId}): ${error.message}`;
    throw new EngineError("internal", message, { cause: error });
  }
}

/** Takes endpoint and sandbox away. The sandbox goes first: the kernel then ends its links by itself, and nobody waits for it. */
export async function disconnectNetwork(context: ContainerContext, record: ContainerRecord): Promise<void> {
  const { deps, networks } = context;
  const { endpoint } = record.state;
  deps.sandboxes.remove(record.id);
  failpoint("release.sandbox");
  if (!endpoint) return;
  const network = networks.find(endpoint.networkId);
  await deps.network.detach(networkConfig(networks, network), {
    containerId: record.id,
    endpointId: endpoint.endpointId,
  });
}

/** The driver's view of a network; all are the default bridge until others can be made. */
export function networkConfig({ bridge }: NetworkRegistry, network: NetworkRecord): NetworkConfig {
  const [gateway = "", prefix = "16"] = bridge.address.split("/");
  return {
    id: network.id,
    name: network.name,
    driver: network.driver,
    bridgeName: bridge.name,
    subnet: `${networkAddress(gateway, Number(prefix))}/${prefix}`,
    gateway,
    internal: false,
    options: {},
  };
}

function networkAddress(address: string, prefix: number): string {
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - prefix);
  const base = Math.floor(number / size) * size;
  return [24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join(".");
}

function sharedSandbox(
  context: Pick<ContainerContext, "registry" | "deps">,
  ref: string,
  record: ContainerRecord,
): string | undefined {
  const target = blaming("joining network namespace of container", () => context.registry.find(ref));
  if (!isRunning(target))
    throw new EngineError(
      "conflict",
      `cannot join network namespace of a non running container: container ${target.name} is ${target.state.status}`,
    );
  checkSameUserNamespace(record, target);
  const plan = networkPlan(target.hostConfig.NetworkMode ?? "bridge");
  if (plan.kind === "host") return undefined;
  return plan.kind === "container"
    ? sharedSandbox(context, plan.ref, record)
    : context.deps.sandboxes.get(target.id).path;
}
