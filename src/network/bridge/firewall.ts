import { EngineError } from "#core";
import type { NetworkConfig } from "../contract.ts";
import type { PublishedPort } from "./ports.ts";

/**
 * The nftables side of a bridge: one table with fixed chains, and maps from host ports to containers. A published port
 * is a map element, so its cost does not grow with their number.
 */

/** Docker's option for a network without NAT. */
const masqueradeOption = "com.docker.network.bridge.enable_ip_masquerade";
const anyAddress = "0.0.0.0";

function tableName(network: NetworkConfig): string {
  return `lighter_${network.bridgeName.replace(/[^A-Za-z0-9_]/g, "_")}`;
}

/** Replaces the whole table in one transaction; connections go on. */
export function tableScript(network: NetworkConfig, ports: readonly PublishedPort[]): string {
  const table = tableName(network);
  return [
    `table ip ${table} {}`,
    `delete table ip ${table}`,
    `table ip ${table} {`,
    ...["tcp", "udp"].flatMap((protocol) => maps(protocol)),
    ...natChains(network),
    ...filterChains(network),
    "}",
    ...ports.map((port) => elementCommand("add", table, port)),
    "",
  ].join("\n");
}

function maps(protocol: string): string[] {
  return [
    `  map ${protocol}_any { type inet_service : ipv4_addr . inet_service; }`,
    `  map ${protocol}_one { type ipv4_addr . inet_service : ipv4_addr . inet_service; }`,
  ];
}

function natChains(network: NetworkConfig): string[] {
  const bridge = JSON.stringify(network.bridgeName);
  const masquerade = !network.internal && network.options[masqueradeOption] !== "false";
  const translate = ["tcp", "udp"].flatMap((protocol) => [
    `    dnat ip to ip daddr . ${protocol} dport map @${protocol}_one`,
    `    dnat ip to ${protocol} dport map @${protocol}_any`,
  ]);
  return [
    "  chain published {",
    ...translate,
    "  }",
    "  chain prerouting { type nat hook prerouting priority -100; policy accept;",
    "    fib daddr type local jump published",
    "  }",
    "  chain output { type nat hook output priority -100; policy accept;",
    "    fib daddr type local jump published",
    "  }",
    "  chain postrouting { type nat hook postrouting priority 100; policy accept;",
    // A container that calls its own published port, and the host's loopback, must be answered through the host.
    `    oifname ${bridge} ct status dnat ip saddr ${network.subnet} masquerade`,
    `    oifname ${bridge} ip saddr 127.0.0.0/8 masquerade`,
    ...(masquerade ? [`    oifname != ${bridge} ip saddr ${network.subnet} masquerade`] : []),
    "  }",
  ];
}

function filterChains(network: NetworkConfig): string[] {
  const bridge = JSON.stringify(network.bridgeName);
  return [
    // route_localnet on the bridge would otherwise open the host's loopback services to containers.
    "  chain raw { type filter hook prerouting priority -300; policy accept;",
    `    iifname ${bridge} ip daddr 127.0.0.0/8 drop`,
    "  }",
    "  chain forward { type filter hook forward priority 0; policy accept;",
    `    iifname ${bridge} oifname ${bridge} accept`,
    `    oifname ${bridge} ct state established,related accept`,
    ...(network.internal ? [] : [`    oifname ${bridge} ct status dnat accept`]),
    `    oifname ${bridge} drop`,
    network.internal ? `    iifname ${bridge} drop` : `    iifname ${bridge} accept`,
    "  }",
  ];
}

export function deleteTableScript(network: NetworkConfig): string {
  const table = tableName(network);
  return `table ip ${table} {}\ndelete table ip ${table}\n`;
}

/** Elements of several ports in one transaction. */
export function elementsScript(
  verb: "add" | "delete",
  network: NetworkConfig,
  ports: readonly PublishedPort[],
): string {
  return `${ports.map((port) => elementCommand(verb, tableName(network), port)).join("\n")}\n`;
}

function elementCommand(verb: "add" | "delete", table: string, port: PublishedPort): string {
  const any = port.hostIp === anyAddress;
  const map = `${port.protocol}_${any ? "any" : "one"}`;
  const key = any ? String(port.hostPort) : `${port.hostIp} . ${port.hostPort}`;
  return `${verb} element ip ${table} ${map} { ${key} : ${port.containerIp} . ${port.containerPort} }`;
}

/** Runs a script as one transaction. @throws EngineError `unavailable` without nft, `internal` with nft's complaint */
export async function runNft(script: string): Promise<void> {
  await nft(["-f", "-"], script);
}

async function nft(args: readonly string[], input: string): Promise<string> {
  const program = Bun.which("nft", { PATH: "/usr/sbin:/sbin:/usr/bin:/bin" });
  if (program === null)
    throw new EngineError("unavailable", "nft is not installed: bridge networks need the nftables package");
  const child = Bun.spawn([program, ...args], {
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
    env: {},
    cwd: "/",
  });
  const [output, complaint, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new EngineError("internal", `nft: ${complaint.trim().split("\n", 2).join(": ")}`);
  return output;
}

interface ChainListing {
  readonly nftables: readonly { readonly chain?: { family: string; table: string; hook?: string; policy?: string } }[];
}

/** Warnings about chains of others that drop what containers send: an accept of ours does not overrule them. */
export async function foreignForwardDrops(): Promise<readonly string[]> {
  const listing = JSON.parse(await nft(["-j", "list", "chains"], "")) as ChainListing;
  return listing.nftables.flatMap(({ chain }) => {
    if (chain?.hook !== "forward" || chain.policy !== "drop" || chain.family === "ip6") return [];
    return [
      `the firewall drops forwarded packets by default (nftables table ${chain.family} ${chain.table}): ` +
        "containers may not reach other hosts until it accepts them",
    ];
  });
}
