import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmdirSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { AsyncQueue, EngineError, silentLogger, systemClock } from "#core";
import type { Engine, StreamFrame } from "#engine";
import type { EventMessage, ProgressMessage, WaitResponse } from "#spec";
import { createApi } from "#api";
import { echoSession, recordingEngine } from "#api/testing";
import { serveHttp, type HttpListener } from "./http.ts";

let directory = "";
let path = "";
let open: AsyncDisposableStack;

beforeEach(() => {
  directory = mkdtempSync("/tmp/lighter-http-");
  path = join(directory, "api.sock");
  open = new AsyncDisposableStack();
});

afterEach(async () => {
  await open.disposeAsync();
  for (const name of readdirSync(directory)) unlinkSync(join(directory, name));
  rmdirSync(directory);
});

function apiOf(answers: Parameters<typeof recordingEngine>[0]): ReturnType<typeof createApi> {
  const { engine } = recordingEngine(answers);
  return createApi({ engine, version: "0", logger: silentLogger, clock: systemClock });
}

async function serve(answers: Parameters<typeof recordingEngine>[0]): Promise<HttpListener> {
  return open.use(await serveHttp({ api: apiOf(answers), listen: { kind: "unix", path }, logger: silentLogger }));
}

/** A raw connection: what it received so far, and a wait for a text in it. */
class RawClient {
  readonly socket: Socket;
  #received = "";
  #changed = Promise.withResolvers<void>();
  #closed = false;

  constructor() {
    this.socket = connect({ path, allowHalfOpen: true });
    const change = (): void => {
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    };
    this.socket.on("data", (data: Buffer) => {
      this.#received += data.toString("latin1");
      change();
    });
    const close = (): void => {
      this.#closed = true;
      change();
    };
    this.socket.on("end", close).on("close", close);
    open.defer(() => void this.socket.destroy());
  }

  /** Everything received, once it contains the text. */
  async until(text: string): Promise<string> {
    while (!this.#received.includes(text)) {
      if (this.#closed) throw new Error(`closed before ${JSON.stringify(text)}: ${JSON.stringify(this.#received)}`);
      await this.#changed.promise;
    }
    return this.#received;
  }

  /** Everything received, once the server has ended its side. */
  async untilEnd(): Promise<string> {
    while (!this.#closed) await this.#changed.promise;
    return this.#received;
  }
}

function request(line: string, headers: readonly string[], body = ""): string {
  const length = body === "" ? [] : ["Content-Type: application/json", `Content-Length: ${body.length}`];
  return `${line} HTTP/1.1\r\nHost: docker\r\n${[...headers, ...length].join("\r\n")}\r\n\r\n${body}`;
}

const upgrade = ["Connection: Upgrade", "Upgrade: tcp"];
const bodyOf = (response: string): string => response.slice(response.indexOf("\r\n\r\n") + 4);
const frame = (stream: number, data: string): string =>
  `${String.fromCharCode(stream)}\0\0\0\0\0\0${String.fromCharCode(data.length)}${data}`;

describe("sessions", () => {
  const echo = (tty: boolean, seen: ReturnType<typeof echoSession>[] = []): Partial<Engine> => {
    const start = async (): Promise<ReturnType<typeof echoSession>> => {
      await new Promise((resolve) => setImmediate(resolve));
      const session = echoSession({ tty });
      seen.push(session);
      return session;
    };
    const inspect = () => ({ DetachKeys: "" });
    return { containers: { attach: start }, execs: { start, inspect } } as unknown as Partial<Engine>;
  };

  test("stdin behind the JSON body in the same packet, half-close, and output after it", async () => {
    await serve(echo(false));
    const client = new RawClient();
    client.socket.write(`${request("POST /exec/e/start", upgrade, '{"Tty":false}')}hello`);
    const head = await client.until("hello");
    expect(head).toStartWith("HTTP/1.1 101 UPGRADED\r\n");
    expect(head).toContain("Content-Type: application/vnd.docker.multiplexed-stream\r\n");
    expect(head).toContain("Connection: Upgrade\r\nUpgrade: tcp\r\n");
    client.socket.write("more");
    await client.until("more");
    client.socket.end();
    expect(bodyOf(await client.untilEnd())).toBe(frame(1, "hello") + frame(1, "more") + frame(2, "bye\n"));
  });

  test("a body that comes late, and in chunks", async () => {
    await serve(echo(true));
    const client = new RawClient();
    client.socket.write(
      request("POST /exec/e/start", [...upgrade, "Content-Type: application/json", "Transfer-Encoding: chunked"]),
    );
    client.socket.write('6\r\n{"Tty"\r\n');
    client.socket.write("6\r\n:true}\r\n0\r\n\r\nhello");
    await client.until("hello");
    client.socket.end();
    const response = await client.untilEnd();
    expect(response).toContain("Content-Type: application/vnd.docker.raw-stream\r\n");
    expect(bodyOf(response)).toBe("hellobye\n");
  });

  test("detach keys end a terminal's session and not a pipe's", async () => {
    await serve(echo(true));
    const terminal = new RawClient();
    terminal.socket.write(request("POST /containers/c/attach?stream=1&stdin=1&stdout=1", upgrade));
    terminal.socket.write("ab\x10");
    await terminal.until("ab");
    terminal.socket.write("\x11cd");
    expect(bodyOf(await terminal.untilEnd())).toBe("ab");
  });

  test("a client that goes away ends the session", async () => {
    const seen: ReturnType<typeof echoSession>[] = [];
    await serve(echo(true, seen));
    const client = new RawClient();
    client.socket.write(`${request("POST /containers/c/attach?stream=1&stdin=1&stdout=1", upgrade)}x`);
    await client.until("x");
    client.socket.destroy();
    await seen[0]?.disposed;
  });

  test("an error before the upgrade is plain HTTP", async () => {
    const attach = () => Promise.reject(new EngineError("not_found", "No such container: c"));
    await serve({ containers: { attach } });
    const client = new RawClient();
    client.socket.write(request("POST /containers/c/attach?stream=1&stdout=1", upgrade));
    const response = await client.untilEnd();
    expect(response).toStartWith("HTTP/1.1 404 Not Found\r\n");
    expect(bodyOf(response)).toBe('{"message":"No such container: c"}\n');
  });

  test("without an upgrade the bytes are bare, and end with the connection", async () => {
    const output = new AsyncQueue<StreamFrame>();
    output.push({ stream: "stdout", data: Buffer.from("one") });
    const session = { tty: false, output, [Symbol.asyncDispose]: () => Promise.resolve() };
    await serve({ containers: { attach: () => Promise.resolve(session) } });
    const client = new RawClient();
    client.socket.write(request("POST /containers/c/attach?stream=1&stdout=1", []));
    await client.until("one");
    output.push({ stream: "stderr", data: Buffer.from("two") });
    output.end();
    const response = await client.untilEnd();
    expect(response).toStartWith("HTTP/1.1 200 OK\r\n");
    expect(response.toLowerCase()).not.toContain("transfer-encoding");
    expect(bodyOf(response)).toBe(frame(1, "one") + frame(2, "two"));
  });
});

describe("streams", () => {
  test("headers of a wait go out before its result", async () => {
    const result = Promise.withResolvers<WaitResponse>();
    await serve({ containers: { wait: () => ({ result: result.promise }) } });
    const client = new RawClient();
    client.socket.write(request("POST /containers/c/wait?condition=next-exit", []));
    expect(await client.until("\r\n\r\n")).toStartWith("HTTP/1.1 200 OK\r\n");
    result.resolve({ StatusCode: 3, Error: null });
    expect(await client.until("0\r\n\r\n")).toContain('{"StatusCode":3}\n');
  });

  test("the engine learns that a client left a silent stream", async () => {
    const aborted = Promise.withResolvers<void>();
    const queue = new AsyncQueue<EventMessage>();
    const events = (_: unknown, signal: AbortSignal): AsyncIterable<EventMessage> => {
      signal.addEventListener("abort", () => {
        queue.end();
        aborted.resolve();
      });
      return queue;
    };
    await serve({ system: { events } });
    const client = new RawClient();
    client.socket.write(request("GET /events", []));
    await client.until("\r\n\r\n");
    client.socket.destroy();
    await aborted.promise;
  });

  test("an answer flows while its request is still being sent", async () => {
    const build = async function* (context: ReadableStream<Uint8Array>): AsyncGenerator<ProgressMessage> {
      yield { stream: "ready" };
      for await (const chunk of context) yield { stream: Buffer.from(chunk).toString() };
      yield { stream: "done" };
    };
    await serve({ build });
    const client = new RawClient();
    client.socket.write(request("POST /build", ["Transfer-Encoding: chunked"]));
    await client.until('{"stream":"ready"}\r\n');
    client.socket.write("3\r\nabc\r\n");
    await client.until('{"stream":"abc"}\r\n');
    client.socket.write("0\r\n\r\n");
    await client.until('{"stream":"done"}\r\n');
  });

  test("a build is cancelled with its client, also before the first message", async () => {
    const started = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    const build = async function* (_: unknown, __: unknown, signal: AbortSignal): AsyncGenerator<ProgressMessage> {
      const over = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => over.resolve());
      started.resolve();
      await over.promise;
      aborted.resolve();
      yield { stream: "too late" };
    };
    await serve({ build });
    const client = new RawClient();
    client.socket.write(request("POST /build", ["Transfer-Encoding: chunked"]));
    await started.promise;
    client.socket.destroy();
    await aborted.promise;
  });

  test("a body is taken from the client only as it is read", async () => {
    const go = Promise.withResolvers<void>();
    const load = async function* (archive: ReadableStream<Uint8Array>): AsyncGenerator<ProgressMessage> {
      await go.promise;
      let size = 0;
      for await (const chunk of archive) size += chunk.length;
      yield { stream: String(size) };
    };
    await serve({ images: { load } });
    const client = new RawClient();
    const size = 64 << 20;
    client.socket.write(request("POST /images/load", [`Content-Length: ${size}`]));
    const chunk = Buffer.alloc(1 << 20);
    let sent = 0;
    let stuck = false;
    while (sent < size && !stuck) {
      sent += chunk.length;
      stuck = !client.socket.write(chunk) && !(await drainedWithin(client.socket));
    }
    expect(sent).toBeLessThan(size);
    go.resolve();
    for (; sent < size; sent += chunk.length) client.socket.write(chunk);
    await client.until(`{"stream":"${size}"}`);
  });

  test("a broken stream is cut, not ended", async () => {
    const save = () =>
      Promise.resolve(
        new ReadableStream<Uint8Array>({
          pull(controller) {
            controller.enqueue(Buffer.from("part"));
            controller.error(new Error("disk"));
          },
        }),
      );
    await serve({ images: { save } });
    const client = new RawClient();
    client.socket.write(request("GET /images/get?names=a", []));
    expect(await client.untilEnd()).not.toContain("0\r\n\r\n");
  });
});

/** False when the socket stays full over two turns of a 50 ms timer. */
async function drainedWithin(socket: Socket): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), 100);
  socket.once("drain", () => resolve(true));
  const drained = await promise;
  clearTimeout(timer);
  return drained;
}

describe("addresses", () => {
  test("the socket has its mode at once, and a stale one is replaced", async () => {
    const stale = Bun.listen({ unix: path, socket: { data: () => undefined } });
    const copy = `${path}.copy`;
    // A dead owner leaves its socket file behind: a hard link survives the orderly stop.
    Bun.spawnSync(["ln", path, copy]);
    stale.stop(true);
    Bun.spawnSync(["mv", copy, path]);
    const listener = await serve({});
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(listener.address).toBe(`unix://${path}`);
    const client = new RawClient();
    client.socket.write(request("GET /_ping", []));
    expect(await client.until("OK")).toStartWith("HTTP/1.1 200 OK\r\n");
  });

  test("a socket that answers and a file are left alone", async () => {
    const other = createServer().listen(path);
    open.defer(() => void other.close());
    const options = { api: apiOf({}), logger: silentLogger };
    await expect(serveHttp({ ...options, listen: { kind: "unix", path } })).rejects.toThrow(
      `${path} is in use by another process`,
    );
    const file = join(directory, "file");
    writeFileSync(file, "");
    await expect(serveHttp({ ...options, listen: { kind: "unix", path: file } })).rejects.toThrow("is not a socket");
    await expect(
      serveHttp({ ...options, listen: { kind: "unix", path: file, group: "no-such-group" } }),
    ).rejects.toThrow("group no-such-group not found");
  });

  test("TCP beyond loopback needs verified clients", async () => {
    const options = { api: apiOf({}), logger: silentLogger };
    await expect(serveHttp({ ...options, listen: { kind: "tcp", host: "0.0.0.0", port: 0 } })).rejects.toThrow(
      "refusing to listen on tcp://0.0.0.0:0 without verifying clients",
    );
    await using listener = await serveHttp({ ...options, listen: { kind: "tcp", host: "127.0.0.1", port: 0 } });
    const response = await fetch(`${listener.address.replace("tcp:", "http:")}/v1.30/_ping`);
    expect([response.status, await response.text(), response.headers.get("Api-Version")]).toEqual([200, "OK", "1.51"]);
  });

  test("stopping cuts sessions", async () => {
    const attach = () => Promise.resolve(echoSession({ tty: true }));
    const listener = await serve({ containers: { attach } });
    const client = new RawClient();
    client.socket.write(`${request("POST /containers/c/attach?stream=1&stdin=1", upgrade)}x`);
    await client.until("x");
    await listener[Symbol.asyncDispose]();
    await client.untilEnd();
  });
});

test("an answer that cannot be written cuts its connection and nothing else", async () => {
  const image = { size: 1n }; // no JSON
  const answers = { containers: { list: () => [], inspect: async () => image }, networks: { list: () => [image] } };
  await serve(answers as unknown as Partial<Engine>);
  for (const target of ["/containers/x/json", "/networks"]) {
    const client = new RawClient();
    client.socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await client.untilEnd()).not.toContain("200 OK");
  }
  const next = new RawClient();
  next.socket.write("GET /containers/json HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(await next.until("[]")).toContain("200 OK");
});
