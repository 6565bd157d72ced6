import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { EngineError, messageOf, type Logger } from "#core";
import {
  bodyOf,
  headerOf,
  type Api,
  type ApiRequest,
  type ApiResponse,
  type HijackResponse,
  type RequestBody,
} from "#api";
import { drained } from "./http-drain.ts";
import { MessageBody } from "./http-request.ts";
import { readSocket } from "./http-socket-input.ts";
import { takeBody } from "./http-upgrade-body.ts";

export interface Upgrade {
  readonly message: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Uint8Array;
  /**
   * True where the server leaves the body in `head` and on the socket (as Node does). False where the message delivers
   * it and `head` holds only what follows (Bun's own listener).
   */
  readonly bodyInHead: boolean;
}

/**
 * Answers a request with `Connection: Upgrade`. A session takes the socket over; any other answer is written as plain
 * HTTP and ends the connection. Settles when the socket has been ended.
 */
export async function serveUpgrade(api: Api, upgrade: Upgrade, logger: Logger): Promise<void> {
  const { message, socket } = upgrade;
  const gone = new AbortController();
  socket.once("close", () => gone.abort(new EngineError("canceled", "the client went away")));
  // The close that follows is what counts; a reset by the client is no failure of ours.
  socket.on("error", (error) => logger.log("debug", messageOf(error), { target: message.url }));
  const { body, rest } = await bodyAndRest(upgrade);
  const { method = "GET", url: target = "/", headers } = message;
  const request: ApiRequest = { method, target, headers, body, signal: gone.signal };
  const answer = await api.handle(request);
  if (answer.kind === "hijack" && answer.websocket) await serveWebsocket(answer, request, socket, rest);
  else if (answer.kind === "hijack") await serveHijack(answer, request, socket, rest);
  else await writePlain(socket, answer);
  socket.end();
  socket.resume();
}

async function bodyAndRest(upgrade: Upgrade): Promise<{ readonly body: RequestBody; readonly rest: Uint8Array }> {
  const { message, socket, head } = upgrade;
  if (!upgrade.bodyInHead) return { body: new MessageBody(message), rest: head };
  const cut = await takeBody(socket, head, message.headers);
  return { body: bodyOf(cut.body), rest: cut.rest };
}

/** @param early what the client sent behind its request, before it had an answer */
async function serveHijack(
  answer: HijackResponse,
  { headers, signal }: ApiRequest,
  socket: Duplex,
  early: Uint8Array,
): Promise<void> {
  const protocol = headerOf(headers, "upgrade") ?? "tcp";
  socket.write(
    `HTTP/1.1 101 UPGRADED\r\n${headerLines({ ...answer.headers, Connection: "Upgrade", Upgrade: protocol })}\r\n`,
  );
  const input = readSocket(socket, early);
  try {
    await answer.serve({ input, signal, write: (chunk) => (socket.write(chunk) ? undefined : drained(socket)) });
  } finally {
    input.stop();
  }
}

/** The API has checked the handshake. */
async function serveWebsocket(
  answer: HijackResponse,
  { headers, signal }: ApiRequest,
  socket: Duplex,
  early: Uint8Array,
): Promise<void> {
  const { acceptKey, websocketConnection } = await import("./websocket/connection.ts");
  const accept = acceptKey(headerOf(headers, "sec-websocket-key") ?? "");
  const head = { Upgrade: "websocket", Connection: "Upgrade", "Sec-WebSocket-Accept": accept };
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headerLines(head)}\r\n`);
  const input = readSocket(socket, early);
  const connection = websocketConnection({ socket, input, signal, messages: answer.websocket ?? "binary" });
  try {
    await answer.serve(connection);
    connection.close();
  } finally {
    input.stop();
  }
}

async function writePlain(socket: Duplex, answer: Exclude<ApiResponse, HijackResponse>): Promise<void> {
  const body = plainBody(answer);
  const length = body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
  const head = headerLines({ ...answer.headers, ...length, Connection: "close" });
  socket.write(`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ""}\r\n${head}\r\n${body ?? ""}`);
  if (answer.kind !== "stream") return;
  for await (const chunk of answer.chunks) {
    if (socket.destroyed) return;
    if (!socket.write(chunk)) await drained(socket);
  }
}

/** Undefined for a stream, which ends with the connection. */
function plainBody(answer: Exclude<ApiResponse, HijackResponse>): string | undefined {
  switch (answer.kind) {
    case "json":
      return `${JSON.stringify(answer.value)}\n`;
    case "text":
      return answer.text;
    case "empty":
      return "";
    case "stream":
      return undefined;
  }
}

function headerLines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}
