import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openTestEngine, type TestEngine } from "../support/engine.ts";

/** A real websocket client, over the unix socket. */
class Client {
  readonly #socket: WebSocket;
  readonly #changed: (() => void)[] = [];
  readonly closed: Promise<number>;
  text = "";

  constructor(path: string, query: string) {
    this.#socket = new WebSocket(`ws+unix://${path}:${query}`);
    this.#socket.binaryType = "arraybuffer";
    this.closed = new Promise((resolve) => this.#socket.addEventListener("close", ({ code }) => resolve(code)));
    this.#socket.addEventListener("message", ({ data }) => {
      this.text += typeof data === "string" ? `text:${data}` : Buffer.from(data as ArrayBuffer).toString();
      for (const wake of this.#changed.splice(0)) wake();
    });
  }

  async opened(): Promise<this> {
    await new Promise((resolve, reject) => {
      this.#socket.addEventListener("open", resolve);
      this.#socket.addEventListener("error", reject);
    });
    return this;
  }

  async until(words: string): Promise<void> {
    while (!this.text.includes(words)) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(data);
  }

  close(): void {
    this.#socket.close();
  }
}

describe.skipIf(process.getuid?.() !== 0)("attach by websocket", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await openTestEngine();
  }, 30_000);
  afterAll(async () => engine?.[Symbol.asyncDispose]());

  const attach = (name: string, query: string, version = "/v1.51"): Promise<Client> =>
    new Client(engine.box.socket, `${version}/containers/${name}/attach/ws?${query}`).opened();
  const all = "stream=1&stdin=1&stdout=1&stderr=1";
  const loop = 'echo first; while read line; do echo "out"; echo "length ${#line}" >&2; done';

  test("both streams unframed, what was before too, stdin in text and bytes; its end is the container's", async () => {
    await engine.docker(["run", "-di", "--name", "talk", "busybox", "sh", "-c", loop]);
    const client = await attach("talk", `${all}&logs=1`);
    await client.until("first\n");
    client.send("a\n");
    await client.until("length 1\n");
    client.send(Buffer.from(`${"x".repeat(100_000)}\n`));
    await client.until("length 100000\n");
    expect(client.text).toMatch(/^first\n(?:out\n|length \d+\n){4}$/);
    await engine.docker(["kill", "talk"]);
    expect(await client.closed).toBe(1000);
  }, 30_000);

  test("the client's close ends stdin, and with it a container of --interactive alone", async () => {
    const id = await engine.docker(["create", "-i", "--name", "once", "busybox", "sh", "-c", "cat; echo done"]);
    expect(id).toMatch(/^[0-9a-f]{64}\n$/);
    const client = await attach("once", all);
    await engine.docker(["start", "once"]);
    client.send("typed\n");
    await client.until("typed\n");
    client.close();
    expect(await client.closed).toBe(1000);
    expect(await engine.docker(["wait", "once"])).toBe("0\n");
    expect(await engine.docker(["logs", "once"])).toBe("typed\ndone\n");
  }, 30_000);

  test("only the streams asked for, since 1.42; before all, and before 1.28 as text", async () => {
    await engine.docker(["run", "--name", "both", "busybox", "sh", "-c", "echo out; echo err >&2"]);
    for (const [version, query, expected] of [
      ["/v1.51", "logs=1&stderr=1", "err\n"],
      ["/v1.41", "logs=1&stderr=1", "out\nerr\n"],
      ["/v1.27", "logs=1", "text:out\ntext:err\n"],
    ] as const) {
      const client = await attach("both", query, version);
      expect(await client.closed).toBe(1000);
      expect(client.text.split("\n").toSorted().join("\n").trim()).toBe(
        expected.split("\n").toSorted().join("\n").trim(),
      );
    }
  }, 30_000);

  test("detach keys leave, and the container goes on", async () => {
    await engine.docker(["run", "-dit", "--name", "tty", "busybox", "cat"]);
    const client = await attach("tty", `${all}&detachKeys=ctrl-a,b`);
    client.send("hey\r");
    await client.until("hey");
    client.send("\x01b");
    expect(await client.closed).toBe(1000);
    expect(await engine.docker(["inspect", "-f", "{{.State.Running}}", "tty"])).toBe("true\n");
    const events = await engine.docker([
      "events",
      "--since",
      "1",
      "--until",
      String(Math.ceil(Date.now() / 1000)),
      "--filter",
      "event=detach",
    ]);
    expect(events).toContain("name=tty");
  }, 30_000);

  test.each([
    ["no websocket", {}, 400, "not websocket protocol"],
    ["another version", { "sec-websocket-version": "12" }, 400, "missing or bad WebSocket Version"],
    ["a bad key", { "sec-websocket-key": "short" }, 400, "mismatch challenge/response"],
    ["a foreign page", { origin: "https://example.com" }, 403, "may not open a websocket here"],
  ])("%s is refused", async (name, headers, status, message) => {
    await engine.docker(["create", "--name", `c-${status}-${Bun.hash(name)}`, "busybox"]);
    const args = ["curl", "-s", "-w", "%{http_code}", "--unix-socket", engine.box.socket];
    const upgrade = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    };
    const sent = Object.keys(headers).length === 0 ? {} : { ...upgrade, ...headers };
    for (const [key, value] of Object.entries(sent)) args.push("-H", `${key}: ${value}`);
    const child = Bun.spawn([...args, `http://d/containers/c-${status}-${Bun.hash(name)}/attach/ws?stream=1`]);
    const answer = await child.stdout.text();
    expect(answer).toContain(message);
    expect(answer).toEndWith(String(status));
  });
});
