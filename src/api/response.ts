/** What a handler answers; the adapter turns it into bytes. Headers are those of this answer only until `createApi` adds the common ones. */
export type ApiResponse = JsonResponse | EmptyResponse | TextResponse | StreamResponse | HijackResponse;

export type ResponseHeaders = Readonly<Record<string, string>>;

interface ResponseHead {
  readonly status: number;
  readonly headers: ResponseHeaders;
}

/** One JSON value and a newline. */
export interface JsonResponse extends ResponseHead {
  readonly kind: "json";
  readonly value: unknown;
}

export interface EmptyResponse extends ResponseHead {
  readonly kind: "empty";
}

export interface TextResponse extends ResponseHead {
  readonly kind: "text";
  readonly text: string;
}

/**
 * Headers go out at once, then every chunk as it comes. A throw after that cuts the connection, so that a client
 * cannot mistake a broken body for a whole one.
 */
export interface StreamResponse extends ResponseHead {
  readonly kind: "stream";
  readonly chunks: AsyncIterable<Uint8Array | string>;
}

/** The connection becomes a byte stream in both directions; `serve` owns it until it settles. */
export interface HijackResponse extends ResponseHead {
  readonly kind: "hijack";
  /** Present: the bytes travel in messages of a websocket, whose handshake was checked. */
  readonly websocket?: "binary" | "text";
  serve(connection: HijackedConnection): Promise<void>;
}

export interface HijackedConnection {
  /** What the client sends; ends at its half-close. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Resolves when more may be written; undefined when at once. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** Fires when the client is gone altogether. */
  readonly signal: AbortSignal;
}

const none: ResponseHeaders = {};
const jsonType: ResponseHeaders = { "Content-Type": "application/json" };
const textType: ResponseHeaders = { "Content-Type": "text/plain; charset=utf-8" };

export function json(value: unknown, status = 200): JsonResponse {
  return { kind: "json", status, value, headers: jsonType };
}

export function empty(status: number): EmptyResponse {
  return { kind: "empty", status, headers: none };
}

export function text(body: string, status = 200): TextResponse {
  return { kind: "text", status, text: body, headers: textType };
}

export function stream(contentType: string, chunks: AsyncIterable<Uint8Array | string>): StreamResponse {
  return { kind: "stream", status: 200, chunks, headers: { "Content-Type": contentType } };
}

export function hijack(contentType: string, serve: HijackResponse["serve"]): HijackResponse {
  return { kind: "hijack", status: 101, serve, headers: { "Content-Type": contentType } };
}
