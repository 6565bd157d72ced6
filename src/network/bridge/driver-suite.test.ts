/**
 * The bridge driver on the real kernel. Skipped unless test/e2e/bridge-driver.test.ts runs this file inside network and mount namespaces
 * of its own, which stand for the host: it flushes the firewall, and whatever it makes ends with them.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, rmdirSync } from "node:fs";
import { parseContainerId, parseNetworkId, randomHexId, silentLogger, type ContainerId } from "#core";
import {
  addDefaultRoute,
  addVeth,
  createNetworkNamespace,
  getLink,
  listLinks,
  openNetworkNamespace,
  openRouteSocket,
  removeNetworkNamespace,
  setAddress,
  setLinkUp,
} from "#linux";
import { openDatabase, type Database } from "#store";
import type { EndpointKey, NetworkConfig, NetworkDriver, PortBinding, Sandbox, Sandboxes } from "../contract.ts";
import { openSandboxes } from "../mod.ts";
import { openBridgeDriver } from "./mod.ts";

const network: NetworkConfig = {
  id: parseNetworkId(randomHexId()),
  name: "bridge",
  driver: "bridge",
  bridgeName: "lt0",
  subnet: "10.213.7.0/24",
  gateway: "10.213.7.1",
  internal: false,
  options: {},
};
const worldAddress = "10.214.0.2";
const hostAddress = "10.214.0.1";

let root: string;
let database: Database;
let sandboxes: Sandboxes;
let driver: NetworkDriver;

/** A network beyond the host, which knows no way back into the containers' subnet. */
function raiseWorld(path: string): void {
  createNetworkNamespace(path, { ipv6: false });
  using host = openRouteSocket();
  setLinkUp(host, "lo");
  using world = openNetworkNamespace(path);
  const peer = { name: "eth0", macAddress: "02:42:0a:d6:00:02", namespaceFd: world.fd };
  addVeth(host, { name: "world0", master: 0, peer });
  const ends = [
    { socket: host, name: "world0", address: hostAddress },
    { socket: world.routes, name: "eth0", address: worldAddress },
  ];
  for (const { socket, name, address } of ends) {
    const index = getLink(socket, name)?.index ?? 0;
    setAddress(socket, { index, address, prefixLength: 24, broadcast: "10.214.0.255" });
    setLinkUp(socket, name);
  }
}

interface Attached extends EndpointKey {
  readonly sandbox: Sandbox;
  readonly ip: string;
}

async function attach(config: NetworkConfig = network, requestedIp?: string): Promise<Attached> {
  const key = { containerId: parseContainerId(randomHexId()), endpointId: randomHexId() };
  const sandbox = sandboxes.create(key.containerId);
  const settings = await driver.attach(config, sandbox, requestedIp === undefined ? key : { ...key, requestedIp });
  return { ...key, sandbox, ip: settings.ipAddress };
}

async function runIn(path: string, ...command: string[]): Promise<{ code: number; output: string }> {
  const child = Bun.spawn(["nsenter", `--net=${path}`, ...command], { stdout: "pipe", stderr: "pipe" });
  const [output, code] = await Promise.all([child.stdout.text(), child.exited]);
  return { code, output };
}

function linkNames(): string[] {
  using routes = openRouteSocket();
  return listLinks(routes).map((link) => link.name);
}

function linkCount(): number {
  return linkNames().length;
}

async function reaches(path: string, address: string, seconds = 5): Promise<boolean> {
  return (await runIn(path, "busybox", "ping", "-c1", `-W${seconds}`, address)).code === 0;
}

/** Serves one line on a port inside a namespace, to every caller, until disposed. */
async function serve(path: string, port: number, line: string): Promise<AsyncDisposable> {
  const command = ["busybox", "nc", "-ll", "-p", String(port), "-e", "/bin/busybox", "echo", line];
  const child = Bun.spawn(["nsenter", `--net=${path}`, ...command], { stdout: "ignore", stderr: "ignore" });
  while (!(await runIn(path, "busybox", "netstat", "-ltn")).output.includes(`:${port} `)) {
    if (child.exitCode !== null) throw new Error(`the server on port ${port} ended with ${child.exitCode}`);
    await Bun.sleep(5);
  }
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

async function fetchLine(path: string, address: string, port: number): Promise<string> {
  const { output } = await runIn(path, "busybox", "timeout", "2", "busybox", "nc", address, String(port));
  return output.trim();
}

const here = "/proc/self/ns/net";

describe.skipIf(process.env["LIGHTER_TEST_ISOLATED"] !== "1")("bridge driver", () => {
  beforeAll(() => {
    root = mkdtempSync("/tmp/lighter-network-");
    sandboxes = openSandboxes({ execRoot: root });
    raiseWorld(`${root}/world`);
  });

  beforeEach(async () => {
    database = openDatabase(":memory:");
    driver = openBridgeDriver({ database, logger: silentLogger, execRoot: root });
    await driver.ensure(network);
  });

  /** A test that failed half-way must not disturb the next one. */
  afterEach(async () => {
    await driver.reconcile(new Set());
    for (const id of sandboxes.list()) sandboxes.remove(id);
    await driver[Symbol.asyncDispose]();
  });

  afterAll(() => {
    removeNetworkNamespace(`${root}/world`);
    rmdirSync(`${root}/netns`);
    rmdirSync(root);
  });

  describe("attach", () => {
    test("gives addresses from .2 on, MACs derived from them, and the gateway's route", async () => {
      const [first, second] = [await attach(), await attach()];
      expect([first.ip, second.ip]).toEqual(["10.213.7.2", "10.213.7.3"]);
      const { output } = await runIn(first.sandbox.path, "sh", "-c", "ip -o link show eth0; ip route");
      expect(output).toContain("02:42:0a:d5:07:02");
      expect(output).toContain("default via 10.213.7.1 dev eth0");
      await release(first, second);
    });

    test("containers, host and the world beyond reach each other as they should", async () => {
      const [first, second] = [await attach(), await attach()];
      expect(await reaches(first.sandbox.path, second.ip)).toBe(true);
      expect(await reaches(here, first.ip)).toBe(true);
      expect(await reaches(first.sandbox.path, network.gateway)).toBe(true);
      expect(await reaches(first.sandbox.path, worldAddress)).toBe(true); // only by NAT: the world has no route back
      await release(first, second);
    });

    test("the world cannot enter a container that published nothing", async () => {
      const container = await attach();
      using world = openNetworkNamespace(`${root}/world`);
      const index = getLink(world.routes, "eth0")?.index ?? 0;
      addDefaultRoute(world.routes, { index, gateway: hostAddress });
      expect(await reaches(`${root}/world`, container.ip, 1)).toBe(false);
      await release(container);
    });

    test("a requested address is given, and refused when taken or outside", async () => {
      const container = await attach(network, "10.213.7.77");
      expect(container.ip).toBe("10.213.7.77");
      await expect(attach(network, "10.213.7.77")).rejects.toThrow("Address already in use");
      await expect(attach(network, "10.99.0.1")).rejects.toThrow("no configured subnet contains IP address 10.99.0.1");
      await release(container);
    });

    test("failing half-way leaves neither link nor address", async () => {
      const before = linkCount();
      const key = { containerId: parseContainerId(randomHexId()), endpointId: randomHexId() };
      const sandbox = sandboxes.create(key.containerId);
      const broken = { ...key, interfaceName: "lo" }; // the name is taken inside
      await expect(driver.attach(network, sandbox, broken)).rejects.toThrow("file exists");
      expect(linkCount()).toBe(before);
      expect(database.all("SELECT * FROM network_address")).toEqual([]);
      const retried = await driver.attach(network, sandbox, key);
      expect(retried.interfaceName).toBe("eth0");
      await expect(driver.attach(network, sandbox, key)).rejects.toThrow("already attached");
      await driver.detach(network, key);
    });

    test("an internal network has no way out", async () => {
      const inner = { ...network, id: parseNetworkId(randomHexId()), name: "inner", bridgeName: "lt1", internal: true };
      const config = { ...inner, subnet: "10.213.8.0/24", gateway: "10.213.8.1" };
      await driver.ensure(config);
      const [first, second] = [await attach(config), await attach(config)];
      expect(await reaches(first.sandbox.path, second.ip)).toBe(true);
      expect((await runIn(first.sandbox.path, "ip", "route")).output).not.toContain("default");
      await driver.detach(config, first);
      await driver.detach(config, second);
      await driver.remove(config);
      expect(linkNames()).not.toContain("lt1");
    });
  });

  async function release(...containers: readonly Attached[]): Promise<void> {
    for (const container of containers) {
      await driver.detach(network, container);
      sandboxes.remove(container.containerId);
    }
  }

  describe("detach", () => {
    test("takes the link of a living sandbox away, frees the address, and may be repeated", async () => {
      const container = await attach();
      await driver.detach(network, container);
      await driver.detach(network, container);
      expect((await runIn(container.sandbox.path, "ip", "-o", "link")).output).not.toContain("eth0");
      expect(database.all("SELECT * FROM network_address")).toEqual([]);
      sandboxes.remove(container.containerId);
    });

    test("a namespace that something still holds does not keep its link", async () => {
      const before = linkCount();
      const container = await attach();
      const holder = Bun.spawn(["nsenter", `--net=${container.sandbox.path}`, "sleep", "600"]);
      while (readlinkSync(`/proc/${holder.pid}/ns/net`) === readlinkSync("/proc/self/ns/net")) await Bun.sleep(5);
      sandboxes.remove(container.containerId);
      await driver.detach(network, container);
      while (linkCount() > before) await Bun.sleep(50);
      holder.kill("SIGKILL");
      await holder.exited;
    }, 30_000);

    test("a network with endpoints cannot be removed", async () => {
      const container = await attach();
      await expect(driver.remove(network)).rejects.toThrow("network bridge has active endpoints: 1");
      await release(container);
    });
  });

  describe("published ports", () => {
    const web: PortBinding = { protocol: "tcp", containerPort: 80, hostIp: "0.0.0.0", hostPort: 8080 };

    test("lead to the container from the host, its loopback, the world and the container itself", async () => {
      const container = await attach();
      await using _server = await serve(container.sandbox.path, 80, "hello");
      expect(await driver.publish(network, container, [web])).toEqual([web]);
      expect(await fetchLine(here, hostAddress, 8080)).toBe("hello");
      expect(await fetchLine(here, "127.0.0.1", 8080)).toBe("hello");
      expect(await fetchLine(`${root}/world`, hostAddress, 8080)).toBe("hello");
      expect(await fetchLine(container.sandbox.path, network.gateway, 8080)).toBe("hello");
      await driver.unpublish(network, container);
      expect(await fetchLine(`${root}/world`, hostAddress, 8080)).toBe("");
      await release(container);
    });

    test("on one address are closed on the others", async () => {
      const container = await attach();
      await using _server = await serve(container.sandbox.path, 80, "hello");
      await driver.publish(network, container, [{ ...web, hostIp: "127.0.0.1" }]);
      expect(await fetchLine(here, "127.0.0.1", 8080)).toBe("hello");
      expect(await fetchLine(`${root}/world`, hostAddress, 8080)).toBe("");
      await release(container);
    });

    test("do not open the host's loopback services to containers", async () => {
      const container = await attach();
      await using _server = await serve(container.sandbox.path, 80, "hello");
      await driver.publish(network, container, [web]); // switches route_localnet on
      await using _secret = await serve(here, 9999, "secret");
      using inside = openNetworkNamespace(container.sandbox.path);
      const index = getLink(inside.routes, "eth0")?.index;
      expect(index).toBeGreaterThan(0);
      const script =
        "ip addr del 127.0.0.1/8 dev lo; ip route flush table local 127.0.0.0/8; ip route add 127.0.0.0/8 via 10.213.7.1 dev eth0";
      await runIn(
        container.sandbox.path,
        "sh",
        "-c",
        `echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet; ${script}`,
      );
      expect(await fetchLine(container.sandbox.path, "127.0.0.1", 9999)).toBe("");
      await release(container);
    });

    test("of two containers clash, and the first keeps it", async () => {
      const [first, second] = [await attach(), await attach()];
      await driver.publish(network, first, [web]);
      const clash = driver.publish(network, second, [
        { ...web, hostPort: 8081 },
        { ...web, hostIp: "127.0.0.1" },
      ]);
      await expect(clash).rejects.toThrow("Bind for 127.0.0.1:8080 failed: port is already allocated");
      expect(database.all("SELECT host_port FROM network_port")).toEqual([{ host_port: 8080 }]);
      await driver.publish(network, second, [{ ...web, protocol: "udp" }]);
      await release(first, second);
      expect(database.all("SELECT * FROM network_port")).toEqual([]);
    });

    test("of a host program are refused", async () => {
      const container = await attach();
      await using _server = await serve(here, 8082, "host");
      const refused = driver.publish(network, container, [{ ...web, hostPort: 8082 }]);
      const text = `failed to bind host port for 0.0.0.0:8082:${container.ip}:80/tcp: address already in use`;
      await expect(refused).rejects.toThrow(text);
      await release(container);
    });

    test("chosen by the driver are free and differ", async () => {
      const container = await attach();
      const chosen = await driver.publish(network, container, [
        { ...web, hostPort: 0 },
        { ...web, hostPort: 0, containerPort: 81 },
      ]);
      const ports = chosen.map((binding) => binding.hostPort);
      expect(new Set(ports).size).toBe(2);
      for (const port of ports) expect(port).toBeGreaterThanOrEqual(32768);
      await release(container);
    });

    test("come back when another program flushed the firewall", async () => {
      const [first, second] = [await attach(), await attach()];
      await using _server = await serve(first.sandbox.path, 80, "hello");
      await driver.publish(network, first, [web]);
      await Bun.spawn(["nft", "flush", "ruleset"]).exited;
      await driver.publish(network, second, [{ ...web, hostPort: 8081 }]);
      expect(await fetchLine(here, hostAddress, 8080)).toBe("hello");
      await release(first, second);
    });

    test("survive the engine", async () => {
      const container = await attach();
      await using _server = await serve(container.sandbox.path, 80, "hello");
      await driver.publish(network, container, [web]);
      await driver[Symbol.asyncDispose]();
      driver = openBridgeDriver({ database, logger: silentLogger, execRoot: root });
      expect(await fetchLine(here, hostAddress, 8080)).toBe("hello");
      await driver.ensure(network);
      await driver.reconcile(new Set([container.containerId]));
      expect(await fetchLine(here, hostAddress, 8080)).toBe("hello");
      await release(container);
    });
  });

  describe("reconcile", () => {
    test("frees what belongs to containers that are gone, and nothing else", async () => {
      const [kept, lost] = [await attach(), await attach()];
      const live: ReadonlySet<ContainerId> = new Set([kept.containerId]);
      await driver.reconcile(live);
      expect(database.all("SELECT container_id FROM network_address")).toEqual([{ container_id: kept.containerId }]);
      expect((await runIn(lost.sandbox.path, "ip", "-o", "link")).output).not.toContain("eth0");
      expect(await reaches(here, kept.ip)).toBe(true);
      await release(kept);
      sandboxes.remove(lost.containerId);
    });

    test("removes links without a row", async () => {
      const container = await attach();
      database.run("DELETE FROM network_address");
      await driver.reconcile(new Set());
      expect(linkNames()).not.toContain(`veth${container.endpointId.slice(0, 11)}`);
      sandboxes.remove(container.containerId);
    });
  });

  describe("sandboxes", () => {
    test("have only lo, which is up, and leave no file behind", async () => {
      const id = parseContainerId(randomHexId());
      const sandbox = sandboxes.create(id);
      const { output } = await runIn(sandbox.path, "ip", "-o", "-br", "link");
      expect(output.trim().split("\n")).toHaveLength(1);
      expect(output).toContain("LOOPBACK,UP");
      expect(() => sandboxes.create(id)).toThrow("network namespace exists");
      expect(sandboxes.list()).toContain(id);
      sandboxes.remove(id);
      sandboxes.remove(id);
      expect(readdirSync(`${root}/netns`)).not.toContain(id);
    });
  });

  describe("ensure", () => {
    test("may be repeated, and names another firewall that drops", async () => {
      expect(await driver.ensure(network)).toEqual([]);
      const rules = "table ip other {\nchain passing {\ntype filter hook forward priority 0; policy drop;\n}\n}\n";
      await Bun.spawn(["nft", "-f", "-"], { stdin: Buffer.from(rules) }).exited;
      expect(await driver.ensure(network)).toEqual([expect.stringContaining("nftables table ip other")]);
      await Bun.spawn(["nft", "delete", "table", "ip", "other"]).exited;
    });
  });
});
