import type { IncomingMessage, ServerResponse } from "node:http";
import { EngineError } from "#core";
import type { ApiRequest, RequestBody, RequestHeaders } from "#api";

/** A request of node:http as the API sees it. The abort signal costs nothing until somebody asks for it. */
export class NodeRequest implements ApiRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: RequestHeaders;
  readonly body: MessageBody;
  readonly #response: ServerResponse;
  #gone: AbortController | undefined;

  constructor(message: IncomingMessage, response: ServerResponse) {
    this.method = message.method ?? "GET";
    this.target = message.url ?? "/";
    this.headers = message.headers;
    this.body = new MessageBody(message);
    this.#response = response;
  }

  get signal(): AbortSignal {
    return (this.#gone ??= abortOnClose(this.#response)).signal;
  }
}

function abortOnClose(response: ServerResponse): AbortController {
  const gone = new AbortController();
  const settle = (): void => {
    if (!response.writableFinished) gone.abort(new EngineError("canceled", "the client went away"));
  };
  if (response.destroyed || response.closed) settle();
  else response.once("close", settle);
  return gone;
}

/** The body of a message, buffered or as a stream that takes from the socket only what is read. */
export class MessageBody implements RequestBody {
  readonly present: boolean;
  readonly #message: IncomingMessage;
  #taken = false;

  constructor(message: IncomingMessage) {
    const { "content-length": length, "transfer-encoding": encoding } = message.headers;
    this.present = encoding !== undefined || (length !== undefined && length !== "0");
    this.#message = message;
  }

  /** True once somebody reads the body. */
  get taken(): boolean {
    return this.#taken;
  }

  read(limitBytes: number): Promise<Uint8Array> {
    this.#taken = true;
    const message = this.#message;
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const chunks: Buffer[] = [];
    let size = 0;
    message.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limitBytes) chunks.push(chunk);
      else reject(new EngineError("invalid", `request body exceeds ${limitBytes} bytes`));
    });
    message.once("end", () => resolve(Buffer.concat(chunks)));
    message.once("close", () => reject(cutShort()));
    message.once("error", () => reject(cutShort()));
    return promise;
  }

  stream(): ReadableStream<Uint8Array> {
    this.#taken = true;
    const message = this.#message;
    if (!this.present) return new ReadableStream({ start: (controller) => controller.close() });
    const iterator = (message as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const next = await iterator.next();
          if (!next.done) controller.enqueue(next.value);
          else if (message.complete) controller.close();
          else controller.error(cutShort());
        },
        // The connection lives on: the answer may still be written.
        cancel: () => void message.resume(),
      },
      { highWaterMark: 0 },
    );
  }
}

function cutShort(): EngineError {
  return new EngineError("canceled", "the client went away in the middle of its request");
}
