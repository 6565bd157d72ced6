import { isIP } from "node:net";
import { EngineError } from "#core";

/** What a probe of the engine's own connects to, in the container's network namespace. */
export interface ProbeTarget {
  /** Addresses to try, in this order. */
  readonly addresses: readonly string[];
  readonly port: number;
}

export interface HttpTarget extends ProbeTarget {
  /** Of the `Host` header. */
  readonly host: string;
  /** Path with query. */
  readonly path: string;
}

const loopback = ["127.0.0.1", "::1"];

/** `8080`, `:8080`, `localhost:8080`, `10.0.0.5:8080`, `[::1]:8080`. @throws EngineError `invalid` */
export function parseTcpTarget(text: string): ProbeTarget {
  const [host = "", port = ""] =
    /^(?:(.*):)?(\d{1,5})$/
      .exec(text)
      ?.slice(1)
      .map((part) => part ?? "") ?? [];
  if (port === "" || !isPort(Number(port))) throw invalid("TCP", text, "it takes a port");
  return { addresses: addressesOf("TCP", text, host), port: Number(port) };
}

/** `http://localhost:8080/healthz`; without a host (`http://:8080/`) it is localhost. @throws EngineError `invalid` */
export function parseHttpTarget(text: string): HttpTarget {
  const url = URL.parse(text.replace(/^http:\/\/(?=[:/]|$)/, "http://localhost"));
  if (url?.protocol !== "http:") throw invalid("HTTP", text, "it takes a URL such as http://localhost:8080/healthz");
  const port = Number(url.port || 80);
  if (!isPort(port)) throw invalid("HTTP", text, "there is no such port");
  return { addresses: addressesOf("HTTP", text, url.hostname), port, host: url.host, path: url.pathname + url.search };
}

function addressesOf(kind: string, text: string, host: string): readonly string[] {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (bare === "" || bare === "localhost") return loopback;
  if (isIP(bare) === 0) throw invalid(kind, text, "its host is localhost or an IP address");
  return [bare];
}

function isPort(port: number): boolean {
  return port > 0 && port < 65_536;
}

function invalid(kind: string, text: string, reason: string): EngineError {
  return new EngineError("invalid", `invalid ${kind} Healthcheck ${JSON.stringify(text)}: ${reason}`);
}
