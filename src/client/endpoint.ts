/** TLS material in PEM text; absent parts fall back to the system's trust store and to no client certificate. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** False accepts any server certificate (`--tls` without `--tlsverify`). */
  readonly verify: boolean;
}

export type Endpoint =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls?: TlsOptions };

/**
 * Parses `unix:///path` or `tcp://host:port` (`http` and `https` count as tcp).
 * @throws Error with Docker's text for anything else
 */
export function parseEndpoint(text: string, tls?: TlsOptions): Endpoint {
  const match = /^([a-z]+):\/\/(.*)$/s.exec(text);
  const [, scheme = "", rest = ""] = match ?? [];
  if (scheme === "unix" && rest !== "") return { kind: "unix", path: rest };
  if (scheme !== "tcp" && scheme !== "http" && scheme !== "https") throw invalid(text);
  return parseTcp(text, rest, scheme === "https" ? (tls ?? { verify: true }) : tls);
}

function parseTcp(text: string, rest: string, tls: TlsOptions | undefined): Endpoint {
  const address = rest.replace(/\/+$/, "");
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:/]*))(?::(\d{1,5}))?$/.exec(address);
  if (!match) throw invalid(text);
  const port = match[3] === undefined ? (tls ? 2376 : 2375) : Number(match[3]);
  const host = match[1] ?? match[2] ?? "";
  return { kind: "tcp", host: host === "" ? "127.0.0.1" : host, port, ...(tls ? { tls } : {}) };
}

function invalid(text: string): Error {
  return new Error(`unable to resolve docker endpoint: invalid bind address format: ${text}`);
}

/** The text that names an endpoint in messages. */
export function formatEndpoint(endpoint: Endpoint): string {
  if (endpoint.kind === "unix") return `unix://${endpoint.path}`;
  return `tcp://${endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}
