import { afterAll, describe, expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { messageOf, parseContainerId, silentLogger } from "#core";
import { Forwarder } from "./forwarder.ts";
import { openSink, type LogHost } from "./open-sink.ts";
import type { LogSubject } from "./subject.ts";

const directory = mkdtempSync("/tmp/lighter-forward-");
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let subjects = 0;

const entry = (stream: string, tag: string, text: string): string =>
  `2026-11-21T04:01:05.5Z ${stream} ${tag} ${text}\n`;
const id = parseContainerId("ab12".repeat(16));

function subjectOf(type: string, config: Record<string, string>, log = ""): LogSubject {
  const own = mkdtempSync(`${directory}/${++subjects}-`);
  writeFileSync(`${own}/container.log`, log);
  return {
    id,
    name: "web",
    imageId: `sha256:${"c".repeat(64)}`,
    imageName: "busybox:1",
    command: ["sh", "-c", "x"],
    labels: { color: "red", size: "xl" },
    env: ["MODE=a b", "OTHER=1"],
    config: { Type: type, Config: config },
    spool: `${own}/container.log`,
    jsonFile: `${own}/json.log`,
    checkpoint: `${own}/forward.json`,
  };
}

const nowhere: LogHost = { journalSocket: "/nonexistent/journal", syslogSockets: ["/nonexistent/log"] };

async function forward(subject: LogSubject, host: LogHost = nowhere): Promise<void> {
  const open = (state: unknown): ReturnType<typeof openSink> => openSink(subject, host, state);
  await new Forwarder({ subject, open, ended: Promise.resolve(), logger: silentLogger }).done;
}

/** A stream server that gathers all it is sent, and answers with what `answer` makes of it. */
async function streamServer(
  listen: { readonly path: string } | { readonly port: number; readonly host: string },
  answer?: (bytes: Buffer) => Uint8Array | undefined,
): Promise<{ port: number; received: () => Buffer; ended: Promise<void> } & AsyncDisposable> {
  const chunks: Buffer[] = [];
  const ended = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("data", (bytes: Buffer) => {
      chunks.push(bytes);
      const reply = answer?.(bytes);
      if (reply) socket.write(reply);
    });
    socket.on("end", () => ended.resolve());
  });
  await new Promise<void>((resolve) => server.listen(listen, resolve));
  const address = server.address();
  return {
    port: typeof address === "object" ? (address?.port ?? 0) : 0,
    received: () => Buffer.concat(chunks),
    ended: ended.promise,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

/** A datagram socket of the host, read by a program: Bun has none for unix addresses. */
function datagramReceiver(path: string): { next: () => Promise<Buffer> } & AsyncDisposable {
  const script = `import socket,sys,struct
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("ready",flush=True)
while True:
  d=s.recv(1<<20)
  if d: sys.stdout.buffer.write(struct.pack(">I",len(d))+d); sys.stdout.flush()`;
  const child = Bun.spawn(["python3", "-c", script, path], { stdio: ["ignore", "pipe", "inherit"] });
  const reader = child.stdout.getReader();
  let rest = Buffer.alloc(0);
  const read = async (count: number): Promise<Buffer> => {
    while (rest.length < count) rest = Buffer.concat([rest, (await reader.read()).value ?? Buffer.alloc(0)]);
    const found = rest.subarray(0, count);
    rest = rest.subarray(count);
    return found;
  };
  let ready: Promise<Buffer> | undefined = read("ready\n".length);
  return {
    async next() {
      await ready;
      if (ready) {
        ready = undefined;
        return Buffer.alloc(0);
      }
      return read((await read(4)).readUInt32BE());
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      await reader.cancel();
    },
  };
}

describe("syslog", () => {
  test("udp, Docker's own form by default", async () => {
    const server = createSocket("udp4");
    const messages: string[] = [];
    const both = Promise.withResolvers<void>();
    server.on("message", (data) => {
      messages.push(data.toString());
      if (messages.length === 2) both.resolve();
    });
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    const config = { "syslog-address": `udp://127.0.0.1:${server.address().port}`, "syslog-facility": "local3" };
    await forward(subjectOf("syslog", config, entry("stdout", "F", "out") + entry("stderr", "F", "err")));
    await both.promise;
    server.close();
    const tail = String.raw`[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ab12ab12ab12\[\d+\]: `;
    expect(messages[0]).toMatch(new RegExp(`^<158>${tail}out\n$`));
    expect(messages[1]).toMatch(new RegExp(`^<155>${tail}err\n$`));
  });

  test.each([
    ["rfc3164", /^<30>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ web\/ab12ab12ab12\[\d+\]: hi\n$/],
    ["rfc5424", /^<30>1 2026-11-21T04:01:05Z \S+ web\/ab12ab12ab12 \d+ web\/ab12ab12ab12 - hi\n$/],
    ["rfc5424micro", /^<30>1 2026-11-21T04:01:05\.500000Z \S+ web\/ab12ab12ab12 \d+ web\/ab12ab12ab12 - hi\n$/],
  ])("tcp in %s, with a tag of one's own", async (format, expected) => {
    await using server = await streamServer({ port: 0, host: "127.0.0.1" });
    const config = {
      "syslog-address": `tcp://127.0.0.1:${server.port}`,
      "syslog-format": format,
      tag: "{{.Name}}/{{.ID}}",
    };
    await forward(subjectOf("syslog", config, entry("stdout", "F", "hi")));
    await server.ended;
    expect(server.received().toString()).toMatch(expected);
  });

  test("unix streams, and nothing for empty lines", async () => {
    const path = `${directory}/stream.sock`;
    await using server = await streamServer({ path });
    const subject = subjectOf("syslog", { "syslog-address": `unix://${path}` }, entry("stdout", "F", ""));
    appendFileSync(subject.spool, entry("stdout", "F", "x"));
    await forward(subject);
    await server.ended;
    expect(server.received().toString()).toMatch(/^<30>[^\n]*: x\n$/);
  });

  test("the host's own daemon, by datagrams", async () => {
    const path = `${directory}/log.sock`;
    await using receiver = datagramReceiver(path);
    await receiver.next();
    const host = { ...nowhere, syslogSockets: ["/nonexistent/log", path] };
    await forward(subjectOf("syslog", {}, entry("stdout", "F", "here")), host);
    expect((await receiver.next()).toString()).toMatch(/^<30>.*: here\n$/);
  });

  test("nobody listens: Docker's words", async () => {
    const failure = (config: Record<string, string>): Promise<string> =>
      openSink(subjectOf("syslog", config), nowhere, undefined).then(() => "opened", messageOf);
    const prefix = "failed to create task for container: failed to initialize logging driver: ";
    expect(await failure({})).toBe(`${prefix}Unix syslog delivery error`);
    expect(await failure({ "syslog-address": "tcp://127.0.0.1:1" })).toBe(
      `${prefix}dial tcp 127.0.0.1:1: connect: connection refused`,
    );
    expect(await failure({ tag: "{{.Nope}}" })).toBe(
      `${prefix}template: log-tag:1:2: executing "log-tag" at <.Nope>: can't evaluate field Nope in type *logger.Info`,
    );
  });
});

describe("journald", () => {
  test("every field, and text of any bytes", async () => {
    const path = `${directory}/journal.sock`;
    await using receiver = datagramReceiver(path);
    await receiver.next();
    const config = { labels: "color", "env-regex": "^MO", tag: "T" };
    const subject = subjectOf(
      "journald",
      config,
      entry("stdout", "F", "out") + entry("stderr", "P", "e".repeat(20_000)),
    );
    await forward(subject, { ...nowhere, journalSocket: path });
    const fields = async (): Promise<Record<string, string>> =>
      Object.fromEntries(
        (await receiver.next())
          .toString()
          .trimEnd()
          .split("\n")
          .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
      );
    expect(await fields()).toEqual({
      CONTAINER_ID: id.slice(0, 12),
      CONTAINER_ID_FULL: id,
      CONTAINER_NAME: "web",
      CONTAINER_TAG: "T",
      SYSLOG_IDENTIFIER: "T",
      IMAGE_NAME: "busybox:1",
      COLOR: "red",
      MODE: "a b",
      PRIORITY: "6",
      SYSLOG_TIMESTAMP: "2026-11-21T04:01:05.500000000Z",
      MESSAGE: "out",
    });
    const [first, last] = [await fields(), await fields()];
    expect(first).toMatchObject({ PRIORITY: "3", CONTAINER_PARTIAL_MESSAGE: "true", CONTAINER_PARTIAL_ORDINAL: "1" });
    expect(last["CONTAINER_PARTIAL_ID"]).toBe(first["CONTAINER_PARTIAL_ID"] ?? "");
    expect([first["MESSAGE"]?.length, last["MESSAGE"]?.length]).toEqual([16_384, 3616]);
  });

  test("no journald: Docker's words", async () => {
    const opening = openSink(subjectOf("journald", {}), nowhere, undefined);
    expect(await opening.catch(messageOf)).toBe(
      "failed to create task for container: failed to initialize logging driver: journald is not enabled on this host",
    );
  });
});

/** Enough of MessagePack to read what we send, written by its specification and not by our encoder. */
function decode(bytes: Buffer): unknown[] {
  let at = 0;
  const text = (length: number): string => bytes.toString("utf8", at, (at += length));
  const items = (count: number): unknown[] => Array.from({ length: count }, () => value());
  const map = (count: number): unknown => Object.fromEntries(Array.from({ length: count }, () => [value(), value()]));
  const value = (): unknown => {
    const code = bytes[at++] ?? 0;
    if (code < 0x80) return code;
    if (code < 0x90) return map(code & 15);
    if (code < 0xa0) return items(code & 15);
    if (code < 0xc0) return text(code & 31);
    if (code === 0xcf) return Number(bytes.readBigUInt64BE((at += 8) - 8));
    if (code === 0xd7) {
      at += 9;
      return { type: bytes[at - 9], seconds: bytes.readUInt32BE(at - 8), ns: bytes.readUInt32BE(at - 4) };
    }
    if (code === 0xd9) return text(bytes[at++] ?? 0);
    if (code === 0xda) return text(bytes.readUInt16BE((at += 2) - 2));
    throw new Error(`code ${code.toString(16)} at ${at}`);
  };
  const all: unknown[] = [];
  while (at < bytes.length) all.push(value());
  return all;
}

describe("fluentd", () => {
  const base = { container_id: id, container_name: "/web" };

  test("the forward protocol over tcp", async () => {
    await using server = await streamServer({ port: 0, host: "127.0.0.1" });
    const config = { "fluentd-address": `127.0.0.1:${server.port}`, labels: "size", tag: "app.{{.Name}}" };
    await forward(subjectOf("fluentd", config, entry("stdout", "F", "ünï") + entry("stderr", "P", "x".repeat(17_000))));
    await server.ended;
    const seconds = Date.parse("2026-11-21T04:01:05Z") / 1000;
    const [first, second, third] = decode(server.received()) as [string, number, Record<string, string>][];
    expect(first).toEqual(["app.web", seconds, { ...base, size: "xl", source: "stdout", log: "ünï" }]);
    expect(second?.[2]).toMatchObject({
      source: "stderr",
      partial_message: "true",
      partial_ordinal: "1",
      partial_last: "false",
    });
    expect(third?.[2]).toMatchObject({
      partial_id: second?.[2]["partial_id"] ?? "",
      partial_ordinal: "2",
      log: "x".repeat(616),
    });
  });

  test("over a unix socket, with times to the nanosecond and an answer to each", async () => {
    const path = `${directory}/fluent.sock`;
    const acks: string[] = [];
    await using server = await streamServer({ path }, (bytes) => {
      const [message] = decode(bytes) as [[string, unknown, unknown, { chunk: string }]];
      const { chunk } = message[3];
      acks.push(chunk);
      return Buffer.concat([
        Buffer.of(0x81, 0xa3),
        Buffer.from("ack"),
        Buffer.of(0xa0 | chunk.length),
        Buffer.from(chunk),
      ]);
    });
    const config = {
      "fluentd-address": `unix://${path}`,
      "fluentd-request-ack": "true",
      "fluentd-sub-second-precision": "true",
    };
    await forward(subjectOf("fluentd", config, entry("stdout", "F", "1") + entry("stdout", "F", "2")));
    await server.ended;
    expect(new Set(acks).size).toBe(2);
    const [, second] = decode(server.received()) as [unknown, [string, unknown]];
    const seconds = Date.parse("2026-11-21T04:01:05Z") / 1000;
    expect(second.slice(0, 2)).toEqual([id.slice(0, 12), { type: 0, seconds, ns: 500_000_000 }]);
  });

  test("a server that comes late gets everything, if a start need not wait for it", async () => {
    const path = `${directory}/late.sock`;
    const config = { "fluentd-address": `unix://${path}`, "fluentd-async": "true" };
    const subject = subjectOf("fluentd", config, entry("stdout", "F", "1") + entry("stdout", "F", "2"));
    const failed = Promise.withResolvers<void>();
    const logger = { ...silentLogger, log: () => failed.resolve() };
    const open = (state: unknown): ReturnType<typeof openSink> => openSink(subject, nowhere, state);
    const forwarder = new Forwarder({ subject, open, ended: Promise.resolve(), logger });
    await failed.promise;
    await using server = await streamServer({ path });
    await forwarder.done;
    await server.ended;
    expect(decode(server.received())).toHaveLength(2);
  });

  test("nobody listens: Docker's words", async () => {
    const opening = openSink(subjectOf("fluentd", { "fluentd-address": "127.0.0.1:1" }), nowhere, undefined);
    expect(await opening.catch(messageOf)).toBe(
      "failed to create task for container: failed to initialize logging driver: dial tcp 127.0.0.1:1: connect: connection refused",
    );
  });
});

test("the next engine goes on where the last one stopped, in the middle of a line", async () => {
  const subject = subjectOf("json-file", {}, entry("stdout", "F", "one") + entry("stdout", "P", "tw"));
  const open = (state: unknown): ReturnType<typeof openSink> => openSink(subject, nowhere, state);
  const first = new Forwarder({ subject, open, ended: new Promise(() => undefined), logger: silentLogger });
  const saved = (): string => readFileSync(subject.checkpoint, "utf8");
  while (!(await Bun.file(subject.checkpoint).exists()) || !saved().includes("pending")) await Bun.sleep(1);
  first.stop();
  await first.done;
  // What it may have written without a checkpoint of it.
  appendFileSync(subject.jsonFile, '{"log":"two\\n","stream":"stdout",');
  appendFileSync(subject.spool, entry("stdout", "F", "o") + entry("stderr", "P", "rest"));
  await forward(subject);
  expect(
    readFileSync(subject.jsonFile, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { log: "one\n", stream: "stdout", time: "2026-11-21T04:01:05.5Z" },
    { log: "two\n", stream: "stdout", time: "2026-11-21T04:01:05.5Z" },
    { log: "rest", stream: "stderr", time: "2026-11-21T04:01:05.5Z" },
  ]);
});
