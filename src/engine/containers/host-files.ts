import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerId } from "#core";
import type { EngineDeps } from "../deps.ts";
import type { ContainerRecord, EndpointRecord } from "./record.ts";

/** Files of one container on the host. */
export interface ContainerFiles {
  readonly directory: string;
  readonly hosts: string;
  readonly hostname: string;
  readonly resolvConf: string;
  readonly log: string;
  /** Where its root is mounted while it runs; below the exec root. */
  readonly rootfs: string;
}

export function containerFiles({ paths }: Pick<EngineDeps, "paths">, id: ContainerId): ContainerFiles {
  const directory = join(paths.dataRoot, "containers", id);
  return {
    directory,
    hosts: join(directory, "hosts"),
    hostname: join(directory, "hostname"),
    resolvConf: join(directory, "resolv.conf"),
    log: join(directory, "container.log"),
    rootfs: join(paths.execRoot, "rootfs", id),
  };
}

/** Writes hosts, hostname and resolv.conf as they are before the container has an address. */
export function writeNetworkFiles(deps: EngineDeps, record: ContainerRecord): ContainerFiles {
  const files = containerFiles(deps, record.id);
  mkdirSync(files.directory, { recursive: true, mode: 0o710 });
  writeFileSync(files.hostname, `${record.config.Hostname ?? ""}\n`, { mode: 0o644 });
  writeFileSync(files.resolvConf, resolvConf(deps, record), { mode: 0o644 });
  writeHostsFile(files, record, undefined);
  return files;
}

/** Writes hosts in place: it may be mounted in the container. */
export function writeHostsFile(
  files: ContainerFiles,
  record: ContainerRecord,
  endpoint: EndpointRecord | undefined,
): void {
  writeFileSync(files.hosts, hostsFile(record, endpoint, record.config.Domainname ?? ""), { mode: 0o644 });
}

const localNames = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

function hostsFile(record: ContainerRecord, endpoint: EndpointRecord | undefined, domain: string): string {
  const host = record.hostConfig.NetworkMode === "host";
  const base = host ? hostFile("/etc/hosts", localNames) : localNames;
  const extra = (record.hostConfig.ExtraHosts ?? []).map((entry) => extraHost(entry, endpoint)).join("");
  if (!endpoint) return base + extra;
  const name = record.config.Hostname ?? "";
  const names = hostNames(name, domain);
  return `${base}${extra}${endpoint.ipAddress}\t${names}\n`;
}

/** The full name, then the first part of it. */
function hostNames(name: string, domain: string): string {
  if (domain !== "") return `${name}.${domain} ${name}`;
  const [first = ""] = name.split(".", 1);
  return first === name ? name : `${name} ${first}`;
}

/** `name:address`, `name=address`, or `name:host-gateway`. */
function extraHost(entry: string, endpoint: EndpointRecord | undefined): string {
  const at = entry.search(/[:=]/);
  const address = entry.slice(at + 1).replace(/^\[(.*)\]$/, "$1");
  return `${address === "host-gateway" ? (endpoint?.gateway ?? "") : address}\t${entry.slice(0, at)}\n`;
}

function resolvConf(deps: EngineDeps, { hostConfig }: ContainerRecord): string {
  const host = hostResolvConf();
  if (hostConfig.NetworkMode === "host") return host;
  const pick = (keyword: string, own: readonly string[] | null | undefined, daemon: readonly string[]): string[] => {
    const chosen = (own ?? []).length > 0 ? (own ?? []) : daemon;
    return chosen.length > 0 ? [...chosen] : valuesOf(host, keyword);
  };
  const isExplicit = (hostConfig.Dns ?? []).length > 0 || deps.options.dns.length > 0;
  const servers = pick("nameserver", hostConfig.Dns, deps.options.dns).filter(
    (server) => isExplicit || !isLoopback(server),
  );
  const search = pick("search", hostConfig.DnsSearch, deps.options.dnsSearch).filter((domain) => domain !== ".");
  const options = pick("options", hostConfig.DnsOptions, deps.options.dnsOptions);
  const lines = (servers.length > 0 ? servers : ["8.8.8.8", "8.8.4.4"]).map((server) => `nameserver ${server}`);
  if (search.length > 0) lines.push(`search ${search.join(" ")}`);
  if (options.length > 0) lines.push(`options ${options.join(" ")}`);
  return `${lines.join("\n")}\n`;
}

/** The host's own servers: behind systemd's stub resolver stands another file. */
function hostResolvConf(): string {
  const text = hostFile("/etc/resolv.conf", "");
  const servers = valuesOf(text, "nameserver");
  return servers.length === 1 && servers[0] === "127.0.0.53"
    ? hostFile("/run/systemd/resolve/resolv.conf", text)
    : text;
}

function valuesOf(text: string, keyword: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [first, ...rest] = line.trim().split(/\s+/);
    return first === keyword ? rest : [];
  });
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}

function hostFile(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return otherwise;
    throw error;
  }
}
