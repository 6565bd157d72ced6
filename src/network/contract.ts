import type { ContainerId, NetworkId } from "#core";

/** A network as its driver needs it. */
export interface NetworkConfig {
  readonly id: NetworkId;
  readonly name: string;
  /** `bridge` */
  readonly driver: string;
  /** Interface on the host, at most 15 bytes. */
  readonly bridgeName: string;
  /** IPv4 network in CIDR form, `172.17.0.0/16`. */
  readonly subnet: string;
  /** Address of the bridge inside the subnet. */
  readonly gateway: string;
  /** No way out: neither default route nor NAT. */
  readonly internal: boolean;
  /** Docker's driver options (`com.docker.network.driver.mtu`, `…bridge.enable_ip_masquerade`). */
  readonly options: Readonly<Record<string, string>>;
}

/** One container's connection to one network. */
export interface EndpointSettings {
  readonly networkId: NetworkId;
  readonly endpointId: string;
  readonly ipAddress: string;
  readonly prefixLength: number;
  /** Empty on an internal network. */
  readonly gateway: string;
  /** `02:42:ac:11:00:02` */
  readonly macAddress: string;
  /** In the container: `eth0`, `eth1`, … */
  readonly interfaceName: string;
}

/** A network namespace kept by a file, so that it needs no process. */
export interface Sandbox {
  readonly path: string;
}

export interface AttachOptions {
  readonly containerId: ContainerId;
  readonly endpointId: string;
  readonly requestedIp?: string;
  /** Derived from the IP address when absent. */
  readonly macAddress?: string;
  /** `eth0` when absent. */
  readonly interfaceName?: string;
}

export interface EndpointKey {
  readonly containerId: ContainerId;
  readonly endpointId: string;
}

/** One published port; several together are published in one transaction. */
export interface PortBinding {
  readonly protocol: "tcp" | "udp";
  readonly containerPort: number;
  /** `0.0.0.0` for every address of the host. */
  readonly hostIp: string;
  /** 0 lets the driver choose a free one from 32768 to 60999. */
  readonly hostPort: number;
}

export interface NetworkDriver extends AsyncDisposable {
  /**
   * Makes bridge, address, sysctls and nft table; repeats are harmless.
   * @returns warnings for the operator, such as another firewall that drops forwarded packets
   */
  ensure(network: NetworkConfig): Promise<readonly string[]>;
  /**
   * Reserves an address, and joins the sandbox to the bridge by a veth pair with address and default route.
   * Undone whole on failure. Repeating it for the same endpoint answers `already_exists`.
   * @throws EngineError `exhausted` when no address is free, `conflict` when the requested one is taken
   */
  attach(network: NetworkConfig, sandbox: Sandbox, options: AttachOptions): Promise<EndpointSettings>;
  /** Removes link and published ports and frees the address; harmless when absent. */
  detach(network: NetworkConfig, endpoint: EndpointKey): Promise<void>;
  /**
   * Makes host ports lead to an attached endpoint; kernel NAT, so it outlives the engine. All or none.
   * @returns the bindings with the host ports chosen
   * @throws EngineError `conflict`: `Bind for 0.0.0.0:80 failed: port is already allocated`, or the port of a host program
   */
  publish(
    network: NetworkConfig,
    endpoint: EndpointKey,
    ports: readonly PortBinding[],
  ): Promise<readonly PortBinding[]>;
  /** Takes all published ports of an endpoint away; harmless when there are none. */
  unpublish(network: NetworkConfig, endpoint: EndpointKey): Promise<void>;
  /** Removes bridge and nft table; harmless when absent. @throws EngineError `conflict` while endpoints are attached */
  remove(network: NetworkConfig): Promise<void>;
  /** Boot: frees addresses, links and ports of containers that are not in `live`. Call after `ensure` of every network. */
  reconcile(live: ReadonlySet<ContainerId>): Promise<void>;
}

/** The network namespaces of containers. */
export interface Sandboxes {
  /** A new namespace with only `lo`, up. @throws EngineError `already_exists` */
  create(containerId: ContainerId): Sandbox;
  /** Takes a namespace that is there, under this name of /proc, as the container's. @throws EngineError `already_exists` */
  adopt(containerId: ContainerId, namespacePath: string): Sandbox;
  /** Whether or not it exists, the path is this. */
  get(containerId: ContainerId): Sandbox;
  /** Harmless when absent. The kernel ends the namespace, with its links, once no process uses it. */
  remove(containerId: ContainerId): void;
  list(): ContainerId[];
}
