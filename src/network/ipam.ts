import { EngineError, isEngineError, type ContainerId, type NetworkId } from "#core";
import type { Database } from "#store";
import type { EndpointKey, NetworkConfig } from "./contract.ts";
import { containsAddress, formatIpv4, parseIpv4, parseSubnet, type Subnet } from "./subnet.ts";

/** An address that an endpoint holds. */
export interface Reservation extends EndpointKey {
  readonly networkId: NetworkId;
  readonly ipAddress: string;
}

interface Row {
  readonly network_id: string;
  readonly address: number;
  readonly container_id: string;
  readonly endpoint_id: string;
}

const schema = [
  `CREATE TABLE network_address (
    network_id TEXT NOT NULL,
    address INTEGER NOT NULL,
    container_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    PRIMARY KEY (network_id, address),
    UNIQUE (network_id, endpoint_id)
  ) STRICT, WITHOUT ROWID`,
];

/** A freed address rests this long, while the kernel still takes its last owner's link away. */
const restMs = 1000;

/** Which endpoint holds which address. Rows are the truth; a set per network finds the lowest free one. */
export class Ipam {
  readonly #database: Database;
  readonly #used = new Map<NetworkId, Set<number>>();
  readonly #freedAt = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
    database.migrate("network_address", schema);
  }

  /**
   * Reserves the requested address, or the lowest free one.
   * @throws EngineError `exhausted`; `conflict` when taken; `invalid` outside of the subnet; `already_exists` for a second
   * address of one endpoint
   */
  reserve(network: NetworkConfig, endpoint: EndpointKey, requested?: string): string {
    const subnet = parseSubnet(network.subnet);
    const used = this.#usedOf(network.id);
    const gateway = parseIpv4(network.gateway);
    const address =
      requested === undefined
        ? this.#lowestFree(network, subnet, used, gateway)
        : checked(requested, subnet, used, gateway);
    const insert = "INSERT INTO network_address VALUES (?, ?, ?, ?)";
    try {
      // No endpoint outlives a power cut, so its address need not either.
      this.#database.relaxed(() =>
        this.#database.run(insert, network.id, address, endpoint.containerId, endpoint.endpointId),
      );
    } catch (error) {
      if (!isEngineError(error, "already_exists")) throw error;
      throw new EngineError(
        "already_exists",
        `endpoint ${endpoint.endpointId} is already attached to network ${network.name}`,
        { cause: error },
      );
    }
    used.add(address);
    return formatIpv4(address);
  }

  find(networkId: NetworkId, endpointId: string): Reservation | undefined {
    const sql = "SELECT * FROM network_address WHERE network_id = ? AND endpoint_id = ?";
    const row = this.#database.get<Row>(sql, networkId, endpointId);
    return row && toReservation(row);
  }

  /** Harmless when there is none. */
  release(networkId: NetworkId, endpointId: string): void {
    const sql = "DELETE FROM network_address WHERE network_id = ? AND endpoint_id = ? RETURNING address";
    const row = this.#database.relaxed(() => this.#database.get<Row>(sql, networkId, endpointId));
    if (row === undefined) return;
    this.#usedOf(networkId).delete(row.address);
    this.#freedAt.set(`${networkId} ${row.address}`, performance.now());
  }

  list(): Reservation[] {
    return this.#database.all<Row>("SELECT * FROM network_address").map(toReservation);
  }

  count(networkId: NetworkId): number {
    return this.#usedOf(networkId).size;
  }

  #usedOf(networkId: NetworkId): Set<number> {
    const known = this.#used.get(networkId);
    if (known !== undefined) return known;
    const rows = this.#database.all<Row>("SELECT address FROM network_address WHERE network_id = ?", networkId);
    const used = new Set(rows.map((row) => row.address));
    this.#used.set(networkId, used);
    return used;
  }

  #lowestFree(network: NetworkConfig, subnet: Subnet, used: ReadonlySet<number>, gateway: number): number {
    this.#forgetRested();
    let resting: number | undefined;
    for (let address = subnet.network + 1; address < subnet.broadcast; address++) {
      if (address === gateway || used.has(address)) continue;
      if (!this.#freedAt.has(`${network.id} ${address}`)) return address;
      resting ??= address;
    }
    if (resting !== undefined) return resting;
    const text = `no available IPv4 addresses on this network's address pools: ${network.name} (${network.id})`;
    throw new EngineError("exhausted", text);
  }

  #forgetRested(): void {
    const limit = performance.now() - restMs;
    for (const [key, freedAt] of this.#freedAt) {
      if (freedAt > limit) return; // entries are in order of time
      this.#freedAt.delete(key);
    }
  }
}

function checked(requested: string, subnet: Subnet, used: ReadonlySet<number>, gateway: number): number {
  const address = parseIpv4(requested);
  if (!containsAddress(subnet, address)) {
    throw new EngineError("invalid", `no configured subnet contains IP address ${requested}`);
  }
  if (used.has(address) || address === gateway) throw new EngineError("conflict", "Address already in use");
  return address;
}

function toReservation(row: Row): Reservation {
  return {
    networkId: row.network_id as NetworkId,
    containerId: row.container_id as ContainerId,
    endpointId: row.endpoint_id,
    ipAddress: formatIpv4(row.address),
  };
}
