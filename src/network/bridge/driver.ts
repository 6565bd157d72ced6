import {
  createKeyedMutex,
  EngineError,
  failpoint,
  isEngineError,
  messageOf,
  type ContainerId,
  type Logger,
} from "#core";
import { deleteLink, isNetworkNamespace, listLinks, openRouteSocket, setHairpin, type RouteSocket } from "#linux";
import type { Database } from "#store";
import type {
  AttachOptions,
  EndpointKey,
  EndpointSettings,
  NetworkConfig,
  NetworkDriver,
  PortBinding,
  Sandbox,
} from "../contract.ts";
import { Ipam } from "../ipam.ts";
import { sandboxPath } from "../sandboxes.ts";
import { deleteTableScript, elementsScript, foreignForwardDrops, runNft, tableScript } from "./firewall.ts";
import { hostLinkName, joinBridge, lowerBridge, raiseBridge } from "./links.ts";
import { PortTable, type PublishedPort } from "./ports.ts";
import { StaleLinks } from "./stale-links.ts";
import { allowForwarding, allowLoopback } from "./sysctls.ts";

export interface BridgeDriverOptions {
  readonly database: Database;
  readonly logger: Logger;
  /** Run root of the engine, as given to `openSandboxes`. */
  readonly execRoot: string;
}

/** Opens the driver in the calling thread's network namespace, where its bridges will be. */
export function openBridgeDriver(options: BridgeDriverOptions): NetworkDriver {
  return new BridgeDriver(options, openRouteSocket());
}

class BridgeDriver implements NetworkDriver {
  readonly #routes: RouteSocket;
  readonly #ipam: Ipam;
  readonly #ports: PortTable;
  readonly #logger: Logger;
  readonly #execRoot: string;
  readonly #staleLinks: StaleLinks;
  /** Networks that `ensure` has made, by id. */
  readonly #networks = new Map<string, { readonly config: NetworkConfig; readonly bridgeIndex: number }>();
  /** One firewall change of a network at a time, so that rows and elements agree. */
  readonly #exclusive = createKeyedMutex();

  constructor(options: BridgeDriverOptions, routes: RouteSocket) {
    this.#routes = routes;
    this.#logger = options.logger;
    this.#execRoot = options.execRoot;
    this.#staleLinks = new StaleLinks(routes, options.logger);
    this.#ipam = new Ipam(options.database);
    this.#ports = new PortTable(options.database);
  }

  async ensure(network: NetworkConfig): Promise<readonly string[]> {
    const bridgeIndex = raiseBridge(this.#routes, network);
    if (!network.internal) allowForwarding();
    return this.#exclusive(network.id, async () => {
      const ports = this.#ports.ofNetwork(network.id);
      if (ports.some(reachesLoopback)) allowLoopback(network.bridgeName);
      await runNft(tableScript(network, ports));
      this.#networks.set(network.id, { config: network, bridgeIndex });
      return foreignForwardDrops();
    });
  }

  async attach(network: NetworkConfig, sandbox: Sandbox, options: AttachOptions): Promise<EndpointSettings> {
    const known = this.#networks.get(network.id);
    if (known === undefined) throw new EngineError("internal", `network ${network.name} was not ensured before attach`);
    const ipAddress = this.#ipam.reserve(network, options, options.requestedIp);
    try {
      failpoint("endpoint.address");
      const joined = joinBridge(this.#routes, { network, bridgeIndex: known.bridgeIndex, sandbox, ipAddress, options });
      failpoint("endpoint.joined");
      return joined;
    } catch (error) {
      deleteLink(this.#routes, hostLinkName(options.endpointId));
      this.#ipam.release(network.id, options.endpointId);
      throw error;
    }
  }

  /** Fastest after the sandbox was removed: the kernel then takes the link away on its own, and nobody waits 16 ms. */
  async detach(network: NetworkConfig, endpoint: EndpointKey): Promise<void> {
    await this.unpublish(network, endpoint);
    const link = hostLinkName(endpoint.endpointId);
    if (isNetworkNamespace(sandboxPath(this.#execRoot, endpoint.containerId))) deleteLink(this.#routes, link);
    else this.#staleLinks.add(link);
    failpoint("detach.link");
    this.#ipam.release(network.id, endpoint.endpointId);
  }

  publish(
    network: NetworkConfig,
    endpoint: EndpointKey,
    bindings: readonly PortBinding[],
  ): Promise<readonly PortBinding[]> {
    return this.#exclusive(network.id, async () => {
      const reservation = this.#ipam.find(network.id, endpoint.endpointId);
      if (reservation === undefined)
        throw new EngineError(
          "not_found",
          `endpoint ${endpoint.endpointId} is not attached to network ${network.name}`,
        );
      if (bindings.length === 0) return [];
      const before = this.#ports.ofEndpoint(network.id, endpoint.endpointId).length;
      if (before > 0)
        throw new EngineError("already_exists", `endpoint ${endpoint.endpointId} has published ports already`);
      const ports = this.#ports.claim(reservation, bindings);
      try {
        if (ports.some(reachesLoopback)) allowLoopback(network.bridgeName);
        setHairpin(this.#routes, hostLinkName(endpoint.endpointId));
        failpoint("ports.row");
        await this.#changeElements("add", network, ports, endpoint.endpointId);
        failpoint("ports.firewall");
      } catch (error) {
        await this.#unpublishNow(network, endpoint.endpointId, ports).catch((again: unknown) =>
          this.#logger.log("warn", "published ports cannot be taken back", { error: messageOf(again) }),
        );
        throw error;
      }
      return ports.map(toBinding);
    });
  }

  async unpublish(network: NetworkConfig, endpoint: EndpointKey): Promise<void> {
    const ports = this.#ports.ofEndpoint(network.id, endpoint.endpointId);
    if (ports.length === 0) return;
    await this.#exclusive(network.id, () => this.#unpublishNow(network, endpoint.endpointId, ports));
  }

  async #unpublishNow(network: NetworkConfig, endpointId: string, ports: readonly PublishedPort[]): Promise<void> {
    await this.#changeElements("delete", network, ports, endpointId);
    failpoint("detach.firewall");
    this.#ports.release(network.id, endpointId);
    failpoint("detach.ports");
  }

  async remove(network: NetworkConfig): Promise<void> {
    const attached = this.#ipam.count(network.id);
    if (attached > 0)
      throw new EngineError(
        "conflict",
        `error while removing network: network ${network.name} has active endpoints: ${attached}`,
      );
    await this.#exclusive(network.id, async () => {
      lowerBridge(this.#routes, network.bridgeName);
      await runNft(deleteTableScript(network));
      this.#networks.delete(network.id);
    });
  }

  async reconcile(live: ReadonlySet<ContainerId>): Promise<void> {
    const held = this.#ipam.list();
    for (const endpoint of held.filter(({ containerId }) => !live.has(containerId))) {
      const known = this.#networks.get(endpoint.networkId);
      this.#logger.log("info", "freeing address of a container that is gone", {
        container: endpoint.containerId,
        address: endpoint.ipAddress,
      });
      if (known === undefined) this.#forget(endpoint);
      else await this.detach(known.config, endpoint);
    }
    this.#removeStrayLinks(
      new Set(
        held.filter(({ containerId }) => live.has(containerId)).map((endpoint) => hostLinkName(endpoint.endpointId)),
      ),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#staleLinks[Symbol.dispose]();
    this.#routes[Symbol.dispose]();
    return Promise.resolve();
  }

  /** When the table is not as the rows say (someone flushed it), it is written anew from the rows. */
  async #changeElements(
    verb: "add" | "delete",
    network: NetworkConfig,
    ports: readonly PublishedPort[],
    endpointId: string,
  ): Promise<void> {
    try {
      await runNft(elementsScript(verb, network, ports));
    } catch (error) {
      if (!isEngineError(error, "internal")) throw error;
      this.#logger.log("warn", "rewriting firewall table", { network: network.name, reason: error.message });
      const rows = this.#ports.ofNetwork(network.id);
      const wanted = verb === "add" ? rows : rows.filter((row) => row.endpointId !== endpointId);
      await runNft(tableScript(network, wanted));
    }
  }

  #forget(endpoint: { readonly networkId: NetworkConfig["id"]; readonly endpointId: string }): void {
    this.#ports.release(endpoint.networkId, endpoint.endpointId);
    this.#ipam.release(endpoint.networkId, endpoint.endpointId);
  }

  /** Links of our bridges that no live endpoint owns, such as those of an attach that was cut short. */
  #removeStrayLinks(owned: ReadonlySet<string>): void {
    const bridges = new Set([...this.#networks.values()].map(({ bridgeIndex }) => bridgeIndex));
    for (const link of listLinks(this.#routes)) {
      if (bridges.has(link.master) && link.kind === "veth" && !owned.has(link.name))
        deleteLink(this.#routes, link.name);
    }
  }
}

function reachesLoopback(port: PublishedPort): boolean {
  return port.hostIp === "0.0.0.0" || port.hostIp.startsWith("127.");
}

function toBinding({ protocol, containerPort, hostIp, hostPort }: PublishedPort): PortBinding {
  return { protocol, containerPort, hostIp, hostPort };
}
