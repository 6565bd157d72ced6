/** What an adapter (node:http in `boot`, a test) hands to the API for one HTTP request. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query as sent, still percent-encoded. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: RequestHeaders;
  readonly body: RequestBody;
  /** Fires when the client is gone. Adapters make it when it is first read. */
  readonly signal: AbortSignal;
}

export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The body; only one of `read` and `stream` may be called, and once. */
export interface RequestBody {
  /** False when the headers already say that there is none. */
  readonly present: boolean;
  /** @throws EngineError `invalid` beyond `limitBytes` */
  read(limitBytes: number): Promise<Uint8Array>;
  /** Pulls from the connection only as fast as it is read; fails when the client goes away. */
  stream(): ReadableStream<Uint8Array>;
}

/** The value of a header that is sent once; the first where a client repeats it. */
export function headerOf(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" || value === undefined ? value : value[0];
}

const emptyBody: RequestBody = {
  present: false,
  read: () => Promise.resolve(new Uint8Array()),
  stream: () => new ReadableStream({ start: (controller) => controller.close() }),
};

/** A request without a body, for adapters and tests. */
export function bodyOf(bytes?: Uint8Array): RequestBody {
  if (bytes === undefined || bytes.length === 0) return emptyBody;
  return {
    present: true,
    read: () => Promise.resolve(bytes),
    stream: () =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(bytes);
          controller.close();
        },
      }),
  };
}
