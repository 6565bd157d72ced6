import { CliError } from "../framework/command.ts";
import { isAddress } from "./run-checks.ts";

export interface PublishedPorts {
  readonly exposed: Readonly<Record<string, object>>;
  readonly bindings: Readonly<Record<string, { HostIp: string; HostPort: string }[]>>;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** Reads `--publish` and `--expose`. @throws CliError with Docker's text */
export function parsePorts(publish: readonly string[], expose: readonly string[]): PublishedPorts {
  const exposed: Record<string, object> = {};
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const text of publish) {
    for (const { port, binding } of publishedPorts(text.includes("=") ? longForm(text) : text)) {
      exposed[port] = {};
      (bindings[port] ??= []).push(binding);
    }
  }
  for (const text of expose) {
    if (text.includes(":")) throw invalid(`invalid port format for --expose: ${text}`);
    const [ports = "", protocol = "tcp"] = text.split("/");
    const range = parseRange(ports);
    if (!range) throw invalid(`invalid range format for --expose: ${text}, error: ${rangeError(ports)}`);
    for (let port = range.first; port <= range.last; port++) exposed[`${port}/${protocol.toLowerCase()}`] ??= {};
  }
  return { exposed, bindings };
}

/** `target=80,published=8080,protocol=tcp` as the short form. */
function longForm(text: string): string {
  const fields = Object.fromEntries(text.split(",").map((part) => part.split("=", 2) as [string, string]));
  const target = `${fields["target"] ?? ""}/${fields["protocol"] ?? "tcp"}`;
  return fields["published"] === undefined ? target : `${fields["published"]}:${target}`;
}

function* publishedPorts(text: string): Generator<{ port: string; binding: { HostIp: string; HostPort: string } }> {
  const { address, hostText, containerText, protocol } = parts(text);
  if (!["tcp", "udp", "sctp"].includes(protocol)) throw invalid(`invalid proto: ${protocol}`);
  const container = parseRange(containerText);
  if (!container) throw invalid(`invalid containerPort: ${containerText}`);
  const host = hostText === "" ? undefined : parseRange(hostText);
  if (hostText !== "" && !host) throw invalid(`invalid hostPort: ${hostText}`);
  const size = container.last - container.first;
  if (host && host.last - host.first !== size && size !== 0)
    throw invalid(`invalid ranges specified for container and host Ports: ${containerText} and ${hostText}`);
  for (let i = 0; i <= size; i++) {
    const HostPort = !host ? "" : size === 0 && host.last > host.first ? hostText : String(host.first + i);
    yield { port: `${container.first + i}/${protocol}`, binding: { HostIp: address, HostPort } };
  }
}

/** `[[address:]host:]container[/protocol]`. Of two protocols Docker takes the first, and leaves out the second. */
function parts(text: string): { address: string; hostText: string; containerText: string; protocol: string } {
  const [beforeProtocol = "", protocolText] = text.split("/");
  const fields = beforeProtocol.split(":");
  const containerText = fields.pop() ?? "";
  const hostText = fields.pop() ?? "";
  const rest = fields.join(":");
  const address = rest.replace(/^\[(.*)\]$/, "$1");
  if (containerText === "") throw invalid(`no port specified: ${text}<empty>`);
  if (rest !== "" && !isAddress(address)) throw invalid(`invalid IP address: ${address}`);
  return { address, hostText, containerText, protocol: (protocolText || "tcp").toLowerCase() };
}

/** Why a range is none, as Docker's parser says it. */
function rangeError(text: string): string {
  const [first = "", last] = text.split("-");
  const wrong = [first, ...(last === undefined ? [] : [last])].find((part) => !/^\d+$/.test(part));
  if (wrong !== undefined || last === undefined)
    return `strconv.ParseUint: parsing "${wrong ?? text}": ${wrong === undefined ? "value out of range" : "invalid syntax"}`;
  return `invalid range specified for port: ${text}`;
}

function parseRange(text: string): Range | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  return last < first || last > 65535 ? undefined : { first, last };
}

function invalid(message: string): CliError {
  return new CliError(message, 125);
}
