import { CliError } from "../framework/command.ts";

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
    if (!range)
      throw invalid(
        `invalid range format for --expose: ${text}, error: strconv.ParseUint: parsing "${ports}": invalid syntax`,
      );
    for (let port = range.first; port <= range.last; port++) exposed[`${port}/${protocol.toLowerCase()}`] ??= {};
  }
  return { exposed, bindings };
}

/** `target=80,published=8080,protocol=tcp` as the short form. */
function longForm(text: string): string {
  const fields = Object.fromEntries(text.split(",").map((part) => part.split("=", 2) as [string, string]));
  const known = new Set(["target", "published", "protocol", "mode"]);
  const unknown = Object.keys(fields).find((key) => !known.has(key));
  if (unknown !== undefined) throw invalid(`invalid field key ${unknown}`);
  const target = `${fields["target"] ?? ""}/${fields["protocol"] ?? "tcp"}`;
  return fields["published"] === undefined ? target : `${fields["published"]}:${target}`;
}

function* publishedPorts(text: string): Generator<{ port: string; binding: { HostIp: string; HostPort: string } }> {
  const match = /^(?:(?:\[([^\]]*)\]|([^:[\]]*)):)??(?:([^:]*):)?([^:/]*)(?:\/([a-zA-Z]+))?$/.exec(text);
  if (!match) throw invalid(`invalid publish opts format (should be name=value but got '${text}')`);
  const [, ip6, ip4, hostText = "", containerText = "", protocolText = "tcp"] = match;
  const protocol = protocolText.toLowerCase();
  if (containerText === "") throw invalid(`no port specified: ${text}<empty>`);
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
    yield { port: `${container.first + i}/${protocol}`, binding: { HostIp: ip6 ?? ip4 ?? "", HostPort } };
  }
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
