import { EngineError, type ContainerId, type NetworkId } from "#core";
import { probePort, SyscallError } from "#linux";
import type { Database } from "#store";
import type { EndpointKey, PortBinding } from "../contract.ts";
import type { Reservation } from "../ipam.ts";

/** A host port that leads to a container. */
export interface PublishedPort extends PortBinding, EndpointKey {
  readonly networkId: NetworkId;
  readonly containerIp: string;
}

interface Row {
  readonly protocol: "tcp" | "udp";
  readonly host_ip: string;
  readonly host_port: number;
  readonly network_id: string;
  readonly container_id: string;
  readonly endpoint_id: string;
  readonly container_ip: string;
  readonly container_port: number;
}

const schema = [
  `CREATE TABLE network_port (
    protocol TEXT NOT NULL,
    host_port INTEGER NOT NULL,
    host_ip TEXT NOT NULL,
    network_id TEXT NOT NULL,
    container_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    container_ip TEXT NOT NULL,
    container_port INTEGER NOT NULL,
    PRIMARY KEY (protocol, host_port, host_ip)
  ) STRICT, WITHOUT ROWID`,
  "CREATE INDEX network_port_endpoint ON network_port (network_id, endpoint_id)",
];

const anyAddress = "0.0.0.0";
const ephemeral = { first: 32768, last: 60999 } as const;

/** Which host port leads where: rows, written before the firewall knows and removed after it forgot. */
export class PortTable {
  readonly #database: Database;
  #next: number = ephemeral.first;

  constructor(database: Database) {
    this.#database = database;
    database.migrate("network_port", schema);
  }

  /** Claims all ports or none. @throws EngineError `conflict` as Docker words it; `exhausted` without free ports */
  claim(endpoint: Reservation, bindings: readonly PortBinding[]): PublishedPort[] {
    return this.#database.transaction(() => bindings.map((binding) => this.#claimOne(endpoint, binding)));
  }

  ofEndpoint(networkId: NetworkId, endpointId: string): PublishedPort[] {
    const sql = "SELECT * FROM network_port WHERE network_id = ? AND endpoint_id = ?";
    return this.#database.all<Row>(sql, networkId, endpointId).map(toPort);
  }

  ofNetwork(networkId: NetworkId): PublishedPort[] {
    return this.#database.all<Row>("SELECT * FROM network_port WHERE network_id = ?", networkId).map(toPort);
  }

  release(networkId: NetworkId, endpointId: string): void {
    this.#database.run("DELETE FROM network_port WHERE network_id = ? AND endpoint_id = ?", networkId, endpointId);
  }

  #claimOne(endpoint: Reservation, binding: PortBinding): PublishedPort {
    const port = { ...binding, hostPort: binding.hostPort === 0 ? this.#freePort(binding) : binding.hostPort };
    if (this.#isAllocated(port)) {
      throw new EngineError("conflict", `Bind for ${port.hostIp}:${port.hostPort} failed: port is already allocated`);
    }
    if (binding.hostPort !== 0) refuseHostProgram(port, endpoint.ipAddress);
    const published = {
      ...port,
      networkId: endpoint.networkId,
      containerId: endpoint.containerId,
      endpointId: endpoint.endpointId,
      containerIp: endpoint.ipAddress,
    };
    this.#insert(published);
    return published;
  }

  #insert(port: PublishedPort): void {
    const insert = "INSERT INTO network_port VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    const owner = [port.networkId, port.containerId, port.endpointId, port.containerIp] as const;
    this.#database.run(insert, port.protocol, port.hostPort, port.hostIp, ...owner, port.containerPort);
  }

  /** 0.0.0.0 clashes with every address. */
  #isAllocated(port: PortBinding): boolean {
    const rows = this.#database.all<Row>(
      "SELECT host_ip FROM network_port WHERE protocol = ? AND host_port = ?",
      port.protocol,
      port.hostPort,
    );
    return rows.some(({ host_ip: ip }) => ip === port.hostIp || ip === anyAddress || port.hostIp === anyAddress);
  }

  #freePort(binding: PortBinding): number {
    for (let tries = ephemeral.last - ephemeral.first; tries >= 0; tries--) {
      const hostPort = this.#next;
      this.#next = hostPort === ephemeral.last ? ephemeral.first : hostPort + 1;
      const candidate = { ...binding, hostPort };
      if (!this.#isAllocated(candidate) && bindFailure(candidate) === undefined) return hostPort;
    }
    throw new EngineError("exhausted", `all ports are allocated on ${binding.hostIp}`);
  }
}

function refuseHostProgram(port: PortBinding, containerIp: string): void {
  const failure = bindFailure(port);
  if (failure === undefined) return;
  const route = `${port.hostIp}:${port.hostPort}:${containerIp}:${port.containerPort}/${port.protocol}`;
  const reason = failure.message.slice(failure.message.lastIndexOf(": ") + 2);
  throw new EngineError("conflict", `failed to bind host port for ${route}: ${reason}`, { cause: failure });
}

function bindFailure(port: PortBinding): SyscallError | undefined {
  try {
    probePort({ protocol: port.protocol, address: port.hostIp, port: port.hostPort });
    return undefined;
  } catch (error) {
    if (error instanceof SyscallError) return error;
    throw error;
  }
}

function toPort(row: Row): PublishedPort {
  return {
    protocol: row.protocol,
    hostIp: row.host_ip,
    hostPort: row.host_port,
    containerPort: row.container_port,
    containerIp: row.container_ip,
    networkId: row.network_id as NetworkId,
    containerId: row.container_id as ContainerId,
    endpointId: row.endpoint_id,
  };
}
