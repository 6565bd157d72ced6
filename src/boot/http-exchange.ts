import type { IncomingMessage, ServerResponse } from "node:http";
import { messageOf, type Logger } from "#core";
import type { Api, ApiResponse, HijackedConnection, HijackResponse, StreamResponse } from "#api";
import { NodeRequest } from "./http-request.ts";
import { drained } from "./http-drain.ts";

/** Answers one request that did not ask for an upgrade. */
export function exchange(api: Api, message: IncomingMessage, response: ServerResponse, logger: Logger): void {
  const request = new NodeRequest(message, response);
  const answer = api.handle(request);
  if (answer instanceof Promise) void answer.then((value) => send(value, request, response, logger));
  else send(answer, request, response, logger);
}

function send(answer: ApiResponse, request: NodeRequest, response: ServerResponse, logger: Logger): void {
  try {
    dispatch(answer, request, response, logger);
  } catch (error) {
    cut(error, request, response, logger);
  }
}

function dispatch(answer: ApiResponse, request: NodeRequest, response: ServerResponse, logger: Logger): void {
  switch (answer.kind) {
    case "json":
      return sendText(response, answer, `${JSON.stringify(answer.value)}\n`);
    case "text":
      return sendText(response, answer, answer.text);
    case "empty":
      return sendEmpty(response, answer);
    case "stream":
      return watch(sendStream(response, answer), request, response, logger);
    case "hijack":
      return watch(sendRaw(response, answer, request), request, response, logger);
  }
}

function sendText(response: ServerResponse, { status, headers }: ApiResponse, body: string): void {
  response.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

function sendEmpty(response: ServerResponse, { status, headers }: ApiResponse): void {
  response.writeHead(status, status === 204 || status === 304 ? headers : { ...headers, "Content-Length": 0 });
  response.end();
}

function watch(sending: Promise<void>, request: NodeRequest, response: ServerResponse, logger: Logger): void {
  sending.catch((error: unknown) => cut(error, request, response, logger));
}

/** The status may be out already: to cut the connection is the only way left to say that an answer is not whole. */
function cut(error: unknown, request: NodeRequest, response: ServerResponse, logger: Logger): void {
  if (!response.destroyed) {
    logger.log("warn", messageOf(error), { method: request.method, target: request.target });
  }
  response.destroy();
}

async function sendStream(response: ServerResponse, { status, headers, chunks }: StreamResponse): Promise<void> {
  response.writeHead(status, headers);
  response.flushHeaders();
  for await (const chunk of chunks) {
    if (response.destroyed) return;
    if (!response.write(chunk)) await drained(response);
  }
  response.end();
}

/** Docker's answer to a client that did not ask for an upgrade: bare bytes until the connection closes. */
async function sendRaw(response: ServerResponse, answer: HijackResponse, request: NodeRequest): Promise<void> {
  response.useChunkedEncodingByDefault = false;
  response.shouldKeepAlive = false;
  response.writeHead(200, { ...answer.headers, Connection: "close" });
  response.flushHeaders();
  const connection: HijackedConnection = {
    input: request.body.present && !request.body.taken ? request.body.stream() : untilAborted(request.signal),
    write: (chunk) => (response.write(chunk) ? undefined : drained(response)),
    signal: request.signal,
  };
  await answer.serve(connection);
  response.end();
}

/** Input of a client that cannot send any: it ends when the client does. */
function untilAborted(signal: AbortSignal): AsyncIterable<Uint8Array> {
  const gone = Promise.withResolvers<IteratorResult<Uint8Array>>();
  const end = (): void => gone.resolve({ done: true, value: undefined });
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return { [Symbol.asyncIterator]: () => ({ next: () => gone.promise }) };
}
