import { Connection } from "./connection.ts";
import type { Endpoint } from "./endpoint.ts";
import { answerError, ApiError } from "./errors.ts";
import { encodeRequestHead, keepsAlive, readBody, readHead, readToEnd, type AnswerHead } from "./http.ts";
import { parseJsonLines } from "./json-lines.ts";

export type QueryValue = string | number | boolean | readonly string[] | undefined;
export type ByteSource = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

export interface CallOptions {
  readonly query?: Readonly<Record<string, QueryValue>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent chunked, as a tar. Cannot be repeated, so the version is negotiated first. */
  readonly upload?: ByteSource;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface StreamAnswer {
  readonly head: AnswerHead;
  readonly body: AsyncGenerator<Uint8Array, void, undefined>;
}

/** A connection whose request was answered by an upgrade: raw bytes both ways. Ends with `using`. */
export interface HijackedStream extends Disposable {
  /** True when the daemon says the output is multiplexed; undefined when it says nothing (before API 1.42). */
  readonly multiplexed: boolean | undefined;
  readonly output: AsyncIterable<Uint8Array>;
  write(bytes: Uint8Array): Promise<void>;
  /** The end of stdin; output goes on. */
  endWrite(): void;
}

export interface ClientOptions {
  readonly endpoint: Endpoint;
  /** Pins the API version (DOCKER_API_VERSION): no negotiation. */
  readonly pinnedVersion?: string;
  /** Sent with each request (`HttpHeaders` of config.json). */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The newest API version this client speaks. */
export const clientApiVersion = "1.51";

/**
 * A client of the Engine API. Calls go straight to `/v1.51/…`; a daemon that is older answers 400 and names its version,
 * and the call is repeated with that one. One idle connection is kept; calls at the same time open their own.
 */
export class ApiClient implements Disposable {
  readonly endpoint: Endpoint;
  #version: string;
  #settled: boolean;
  readonly #headers: readonly (readonly [string, string])[];
  readonly #idle: Connection[] = [];
  readonly #opening: Promise<Connection>[] = [];

  constructor(options: ClientOptions) {
    this.endpoint = options.endpoint;
    this.#version = options.pinnedVersion ?? clientApiVersion;
    this.#settled = options.pinnedVersion !== undefined;
    this.#headers = Object.entries(options.headers ?? {});
  }

  /** The API version in use. */
  get version(): string {
    return this.#version;
  }

  /** Opens connections ahead of calls that will be made at the same time. Failures surface in those calls. */
  warm(count: number): void {
    for (let i = 0; i < count; i++) {
      const opening = Connection.open(this.endpoint);
      opening.catch(() => undefined);
      this.#opening.push(opening);
    }
  }

  /** The answer's JSON. @throws ApiError, ConnectionError */
  async json<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const text = await this.text(method, path, options);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** The answer's text; for calls without an answer, the empty text. */
  async text(method: string, path: string, options: CallOptions = {}): Promise<string> {
    const { body } = await this.stream(method, path, options);
    return readText(body);
  }

  /** JSON messages, as they arrive. */
  async *messages<T>(method: string, path: string, options: CallOptions = {}): AsyncGenerator<T, void, undefined> {
    const { body } = await this.stream(method, path, options);
    yield* parseJsonLines<T>(body);
  }

  /** Resolves as soon as the head has arrived; the body must be read or returned. @throws ApiError for status 400 and above */
  async stream(method: string, path: string, options: CallOptions = {}): Promise<StreamAnswer> {
    return this.#withVersion(options, async (version) => {
      const connection = await this.#request(method, `/v${version}${path}`, options);
      const head = await headOf(connection);
      const body = this.#body(connection, head, method);
      if (head.status >= 400) throw answerError(head.status, await readText(body));
      return { head, body };
    });
  }

  /** Asks for an upgrade to a raw stream. @throws ApiError when the daemon refuses */
  async hijack(path: string, options: CallOptions = {}): Promise<HijackedStream> {
    return this.#withVersion(options, async (version) => {
      const headers = { ...options.headers, Connection: "Upgrade", Upgrade: "tcp" };
      const connection = await this.#request("POST", `/v${version}${path}`, { ...options, headers });
      const head = await headOf(connection);
      if (head.status >= 400) throw answerError(head.status, await readText(this.#body(connection, head, "POST")));
      return hijacked(connection, head);
    });
  }

  /** Asks the daemon which version it speaks, unless that is known. */
  async negotiate(): Promise<void> {
    if (this.#settled) return;
    const connection = await this.#request("GET", "/_ping", {});
    const head = await headOf(connection);
    await readText(this.#body(connection, head, "GET"));
    this.#lowerTo(head.headers.get("api-version") ?? "1.24");
  }

  [Symbol.dispose](): void {
    for (const connection of this.#idle.splice(0)) connection[Symbol.dispose]();
    for (const opening of this.#opening.splice(0)) void disposeOpened(opening);
  }

  async #withVersion<T>(options: CallOptions, call: (version: string) => Promise<T>): Promise<T> {
    if (options.upload && !this.#settled) await this.negotiate();
    try {
      return await call(this.#version);
    } catch (error) {
      const supported = this.#settled ? undefined : olderVersion(error);
      if (supported === undefined) throw error;
      this.#lowerTo(supported);
      return call(this.#version);
    }
  }

  #lowerTo(supported: string): void {
    if (compareVersions(supported, this.#version) < 0) this.#version = supported;
    this.#settled = true;
  }

  async #connect(): Promise<Connection> {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.usable) return idle;
      idle[Symbol.dispose]();
    }
    return this.#opening.shift() ?? Connection.open(this.endpoint);
  }

  async #request(method: string, path: string, options: CallOptions): Promise<Connection> {
    const connection = await this.#connect();
    const json = options.body === undefined ? undefined : JSON.stringify(options.body);
    const headers = [...this.#headers, ...Object.entries(options.headers ?? {}), ...bodyHeaders(method, json, options)];
    await connection.write(encodeRequestHead(method, path + encodeQuery(options.query), headers) + (json ?? ""));
    if (options.upload) void upload(connection, options.upload);
    return connection;
  }

  async *#body(connection: Connection, head: AnswerHead, method: string): AsyncGenerator<Uint8Array, void, undefined> {
    let whole = false;
    try {
      if (method !== "HEAD") yield* readBody(connection, head);
      whole = true;
    } finally {
      if (whole && keepsAlive(head) && connection.usable) this.#idle.push(connection);
      else connection[Symbol.dispose]();
    }
  }
}

function bodyHeaders(
  method: string,
  json: string | undefined,
  options: CallOptions,
): readonly (readonly [string, string])[] {
  if (options.upload) {
    const type =
      options.headers?.["Content-Type"] === undefined ? [["Content-Type", "application/x-tar"] as const] : [];
    return [["Transfer-Encoding", "chunked"], ...type];
  }
  if (json !== undefined)
    return [
      ["Content-Type", "application/json"],
      ["Content-Length", `${Buffer.byteLength(json)}`],
    ];
  return method === "POST" ? [["Content-Length", "0"]] : [];
}

/** The daemon may answer (with an error) before it has read everything: a failed upload is told by that answer. */
async function upload(connection: Connection, source: ByteSource): Promise<void> {
  try {
    for await (const chunk of source) {
      if (chunk.length === 0) continue;
      await connection.write(`${chunk.length.toString(16)}\r\n`);
      await connection.write(chunk);
      await connection.write("\r\n");
    }
    await connection.write("0\r\n\r\n");
  } catch {
    // Whoever reads the answer sees the broken connection or the daemon's own error; the source tells its own failure.
    connection.endWrite();
  }
}

async function disposeOpened(opening: Promise<Connection>): Promise<void> {
  const [result] = await Promise.allSettled([opening]);
  if (result.status === "fulfilled") result.value[Symbol.dispose]();
}

async function headOf(connection: Connection): Promise<AnswerHead> {
  try {
    return await readHead(connection);
  } catch (error) {
    connection[Symbol.dispose]();
    throw error;
  }
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function hijacked(connection: Connection, head: AnswerHead): HijackedStream {
  const type = head.headers.get("content-type");
  const known = type?.startsWith("application/vnd.docker.") === true;
  return {
    multiplexed: known ? type === "application/vnd.docker.multiplexed-stream" : undefined,
    output: readToEnd(connection),
    write: (bytes) => connection.write(bytes),
    endWrite: () => connection.endWrite(),
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}

function olderVersion(error: unknown): string | undefined {
  if (!(error instanceof ApiError) || error.status !== 400) return undefined;
  return /client version [\d.]+ is too new\. Maximum supported API version is ([\d.]+\d)/.exec(error.message)?.[1];
}

/** Negative, zero or positive as `a` is older than, equal to or newer than `b` (`1.9` is older than `1.24`). */
export function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA - majorB || minorA - minorB;
}

function encodeQuery(query: Readonly<Record<string, QueryValue>> | undefined): string {
  const pairs: string[] = [];
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === false || value === "") continue;
    for (const item of typeof value === "object" ? value : [value === true ? "1" : String(value)]) {
      pairs.push(`${key}=${encodeURIComponent(item)}`);
    }
  }
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}
