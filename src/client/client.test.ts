import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { ApiClient, demultiplex, parseEndpoint, type OutputFrame } from "./mod.ts";

const directory = mkdtempSync("/tmp/lighter-client-");
const socket = join(directory, "api.sock");
const seen: string[] = [];

const server = createServer((request, response) => void answer(request, response));
await new Promise<void>((resolve) => server.listen(socket, resolve));
server.on("upgrade", (request, stream) => {
  seen.push(`upgrade ${request.url}`);
  stream.write(
    "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello ",
  );
  let got = "";
  stream.on("data", (bytes: Buffer) => (got += bytes.toString()));
  stream.on("end", () => stream.end(`got ${got.length}`));
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(directory, { recursive: true });
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  seen.push(`${request.method} ${request.url}`);
  const version = /^\/v1\.(\d+)\//.exec(request.url ?? "")?.[1];
  let bytes = 0;
  for await (const chunk of request) bytes += (chunk as Buffer).length;
  if (request.url === "/_ping") response.setHeader("Api-Version", "1.41").end("OK");
  else if (Number(version) > 41) {
    response
      .writeHead(400)
      .end(
        JSON.stringify({ message: `client version 1.${version} is too new. Maximum supported API version is 1.41` }),
      );
  } else if (request.url?.endsWith("/missing")) response.writeHead(404).end('{"message":"No such thing: missing"}');
  else if (request.url?.endsWith("/lines")) {
    response.write('{"a":1}\n{"a"');
    response.end(":2}\n");
  } else response.end(JSON.stringify({ bytes, url: request.url }));
}

function open(options: { pinnedVersion?: string } = {}): ApiClient {
  seen.length = 0;
  return new ApiClient({ endpoint: parseEndpoint(`unix://${socket}`), ...options });
}

test("an older daemon's version is learned from its refusal, once, on one connection", async () => {
  using client = open();
  expect(
    await client.json<{ url: string }>("GET", "/x", { query: { a: "b c", off: false, list: ["1", "2"], on: true } }),
  ).toMatchObject({
    url: "/v1.41/x?a=b%20c&list=1&list=2&on=1",
  });
  await client.json("GET", "/y");
  expect(seen.map((line) => line.split("?")[0])).toEqual(["GET /v1.51/x", "GET /v1.41/x", "GET /v1.41/y"]);
  expect(client.version).toBe("1.41");
});

test("a pinned version is kept, and the refusal told", async () => {
  using client = open({ pinnedVersion: "1.99" });
  await expect(client.json("GET", "/x")).rejects.toThrow("client version 1.99 is too new");
});

test("an upload asks for the version first and arrives whole", async () => {
  using client = open();
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 40; i++) yield new Uint8Array(100_000);
  };
  expect(await client.json<{ bytes: number }>("POST", "/load", { upload: chunks() })).toMatchObject({
    bytes: 4_000_000,
  });
  expect(seen).toEqual(["GET /_ping", "POST /v1.41/load"]);
});

test("errors carry the status and the daemon's text", async () => {
  using client = open({ pinnedVersion: "1.40" });
  await expect(client.json("GET", "/missing")).rejects.toMatchObject({
    name: "ApiError",
    status: 404,
    message: "No such thing: missing",
  });
});

test("messages may be cut anywhere", async () => {
  using client = open({ pinnedVersion: "1.40" });
  expect(await Array.fromAsync(client.messages<{ a: number }>("GET", "/lines"))).toEqual([{ a: 1 }, { a: 2 }]);
});

test("a hijacked stream goes on after the end of its input", async () => {
  using client = open({ pinnedVersion: "1.40" });
  using stream = await client.hijack("/attach");
  expect(stream.multiplexed).toBe(false);
  await stream.write(new Uint8Array(300_000));
  stream.endWrite();
  const output = Buffer.concat(await Array.fromAsync(stream.output)).toString();
  expect(output).toBe("hello got 300000");
});

test("an absent daemon is told in the words that people search for", async () => {
  using client = new ApiClient({ endpoint: parseEndpoint(`unix://${directory}/none`) });
  await expect(client.json("GET", "/x")).rejects.toThrow(
    `Cannot connect to the Docker daemon at unix://${directory}/none. Is the docker daemon running?`,
  );
});

test("frames are told apart however they are cut", async () => {
  const frame = (stream: number, text: string): Buffer => {
    const header = Buffer.alloc(8);
    header[0] = stream;
    header.writeUInt32BE(text.length, 4);
    return Buffer.concat([header, Buffer.from(text)]);
  };
  const all = Buffer.concat([frame(1, "out"), frame(2, "err"), frame(1, ""), frame(1, "more")]);
  const cut = async function* (size: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
  };
  const text = (frames: readonly OutputFrame[], stream: string): string =>
    frames
      .filter((item) => item.stream === stream)
      .map((item) => Buffer.from(item.bytes).toString())
      .join("");
  for (const size of [1, 3, 7, 100]) {
    const frames = await Array.fromAsync(demultiplex(cut(size)));
    expect([text(frames, "stdout"), text(frames, "stderr")]).toEqual(["outmore", "err"]);
  }
  await expect(Array.fromAsync(demultiplex(cut100(frame(3, "boom"))))).rejects.toThrow(
    "error from daemon in stream: boom",
  );
});

async function* cut100(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

test.each([
  ["tcp://h:1", { kind: "tcp", host: "h", port: 1 }],
  ["tcp://[::1]:2", { kind: "tcp", host: "::1", port: 2 }],
  ["tcp://:3", { kind: "tcp", host: "127.0.0.1", port: 3 }],
  ["unix:///a b", { kind: "unix", path: "/a b" }],
])("endpoint %s", (text, endpoint) => {
  expect(parseEndpoint(text)).toEqual(endpoint as never);
});

test.each(["foo://x", "unix://", "x", "tcp://a:b"])("endpoint %p is refused", (text) => {
  expect(() => parseEndpoint(text)).toThrow(`invalid bind address format: ${text}`);
});
