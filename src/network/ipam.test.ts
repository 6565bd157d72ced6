import { beforeEach, describe, expect, test } from "bun:test";
import { parseContainerId, parseNetworkId, randomHexId } from "#core";
import { openDatabase, type Database } from "#store";
import type { EndpointKey, NetworkConfig } from "./contract.ts";
import { Ipam } from "./ipam.ts";

const id = parseNetworkId(randomHexId());
const base = { id, name: "small", driver: "bridge", bridgeName: "x", internal: false, options: {} };
const network: NetworkConfig = { ...base, subnet: "10.0.0.0/29", gateway: "10.0.0.1" };

let database: Database;
let ipam: Ipam;

beforeEach(() => {
  database = openDatabase(":memory:");
  ipam = new Ipam(database);
});

function endpoint(): EndpointKey {
  return { containerId: parseContainerId(randomHexId()), endpointId: randomHexId() };
}

describe("ipam", () => {
  test("gives every host address but the gateway, in order, then none", () => {
    const given = Array.from({ length: 5 }, () => ipam.reserve(network, endpoint()));
    expect(given).toEqual(["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]);
    const text = `no available IPv4 addresses on this network's address pools: small (${id})`;
    expect(() => ipam.reserve(network, endpoint())).toThrow(text);
  });

  test("skips a gateway in the middle", () => {
    const moved = { ...network, gateway: "10.0.0.3" };
    expect([1, 2, 3].map(() => ipam.reserve(moved, endpoint()))).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.4"]);
  });

  test("lets a freed address rest while another is free, and gives it when it is the last", () => {
    const first = endpoint();
    ipam.reserve(network, first);
    ipam.release(id, first.endpointId);
    ipam.release(id, first.endpointId);
    const given = Array.from({ length: 5 }, () => ipam.reserve(network, endpoint()));
    expect(given).toEqual(["10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.2"]);
  });

  test("remembers across a restart", () => {
    const held = endpoint();
    ipam.reserve(network, held);
    const next = new Ipam(database);
    expect(next.find(id, held.endpointId)?.ipAddress).toBe("10.0.0.2");
    expect(next.reserve(network, endpoint())).toBe("10.0.0.3");
    expect(next.count(id)).toBe(2);
  });

  test("refuses network and broadcast addresses when asked for them", () => {
    for (const address of ["10.0.0.0", "10.0.0.7"]) {
      expect(() => ipam.reserve(network, endpoint(), address)).toThrow("no configured subnet contains");
    }
    expect(() => ipam.reserve(network, endpoint(), "10.0.0.1")).toThrow("Address already in use");
  });
});
