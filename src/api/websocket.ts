import { EngineError } from "#core";
import { headerOf, type RequestHeaders } from "./request.ts";

const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * A client's opening handshake (RFC 6455, section 4.2.1). A page that a browser got elsewhere may open a websocket to any
 * host that listens, this one too: it is told by its origin.
 * @throws EngineError `invalid`, `forbidden`
 */
export function checkHandshake(headers: RequestHeaders): void {
  const isUpgrade = headerOf(headers, "connection")?.toLowerCase().includes("upgrade") === true;
  if (!isUpgrade || headerOf(headers, "upgrade")?.toLowerCase() !== "websocket")
    throw new EngineError("invalid", "not websocket protocol");
  if (headerOf(headers, "sec-websocket-version") !== "13")
    throw new EngineError("invalid", "missing or bad WebSocket Version");
  if (!/^[A-Za-z0-9+/]{22}==$/.test(headerOf(headers, "sec-websocket-key") ?? ""))
    throw new EngineError("invalid", "mismatch challenge/response");
  const origin = headerOf(headers, "origin");
  if (origin !== undefined && !isOwnOrigin(origin, headerOf(headers, "host") ?? ""))
    throw new EngineError("forbidden", `origin ${JSON.stringify(origin.slice(0, 200))} may not open a websocket here`);
}

function isOwnOrigin(origin: string, host: string): boolean {
  const hostname = URL.parse(origin)?.hostname;
  return hostname !== undefined && (loopback.has(hostname) || hostname === URL.parse(`http://${host}`)?.hostname);
}
