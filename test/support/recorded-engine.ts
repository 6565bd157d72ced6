import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";

/** An engine that says what a Docker Engine once said, so that two clients can be shown the same bytes. */
export interface RecordedEngine extends AsyncDisposable {
  readonly socket: string;
  /** What was asked for since the last call that changes something, with body; sorted, what is empty left out. */
  takeRequests(): readonly string[];
}

const corpus = join(import.meta.dirname, "../corpus/engine-api");
const newId = "c0ffee".padEnd(64, "0");

interface Answer {
  readonly status?: number;
  readonly body: string | Uint8Array;
  readonly type?: string;
}

interface Asked {
  readonly method: string;
  /** Without `/v1.51`. */
  readonly path: string;
  readonly query: URLSearchParams;
}

type Route = readonly [pattern: RegExp, answer: (found: readonly string[], asked: Asked) => Answer | undefined];

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A recorded answer; `"@-3h"` stands for the Unix time three hours ago, `"@@-3h"` for the same as a date. */
function recorded(name: string): Answer {
  const now = Math.floor(Date.now() / 1000);
  const text = readFileSync(join(corpus, `${name}.json`), "utf8").replace(
    /"(@@?)-(\d+)([smhd])"/g,
    (_, kind: string, count: string, unit: string) => {
      const time = now - Number(count) * (units[unit] ?? 0);
      return kind === "@" ? String(time) : JSON.stringify(new Date(time * 1000).toISOString());
    },
  );
  return { body: JSON.stringify(JSON.parse(text)) };
}

const json = (value: unknown, status = 200): Answer => ({ status, body: JSON.stringify(value) });
const nothing: Answer = { status: 204, body: "" };
const noSuchContainer = (name: string): Answer => json({ message: `No such container: ${name}` }, 404);

const containers = ["created", "web", "sick", "loop", "failed", "paused"];
const ids = new Map(containers.map((name) => [idOf(name), name]));
const isKnown = (name: string): boolean => containers.includes(name) || name === newId || ids.has(name);

function idOf(name: string): string {
  return (JSON.parse(readFileSync(join(corpus, `container-${name}.json`), "utf8")) as { readonly Id: string }).Id;
}

/** Of a line of stdout, one of stderr, and bytes that are no text. */
const output = Buffer.concat([frame(1, "to stdout\n"), frame(2, "to stderr\n"), frame(1, "no line break")]);

function frame(stream: number, text: string): Uint8Array {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

function containerJson(name: string, query: URLSearchParams): Answer {
  if (name === newId || name === "") return recorded("container-created");
  if (!isKnown(name)) return noSuchContainer(name);
  return recorded(name === "web" && query.get("size") === "1" ? "container-web-size" : `container-${name}`);
}

const reads: readonly Route[] = [
  [/^\/_ping$/, () => ({ body: "OK", type: "text/plain; charset=utf-8" })],
  [/^\/version$/, () => recorded("version")],
  [/^\/info$/, () => recorded("info")],
  [/^\/system\/df$/, () => recorded("df")],
  [/^\/images\/json$/, () => recorded("images")],
  [/^\/networks$/, () => recorded("networks")],
  [/^\/volumes$/, () => recorded("volumes")],
  [/^\/events$/, () => ({ body: readFileSync(join(corpus, "events.ndjson")) })],
  [/^\/containers\/json$/, (_, { query }) => listed(query)],
  [/^\/containers\/(.+)\/json$/, ([name = ""], { query }) => containerJson(name, query)],
  [/^\/containers\/(.+)\/changes$/, ([name = ""]) => (isKnown(name) ? recorded("changes") : noSuchContainer(name))],
  [
    /^\/containers\/(.+)\/top$/,
    ([name = ""], { query }) =>
      isKnown(name) ? recorded(query.get("ps_args") ? "top-aux" : "top") : noSuchContainer(name),
  ],
  [
    /^\/containers\/(.+)\/stats$/,
    ([name = ""]) => (name === "web" || name === "created" ? recorded(`stats-${name}`) : noSuchContainer(name)),
  ],
  [/^\/containers\/(.+)\/logs$/, () => ({ body: output, type: "application/vnd.docker.multiplexed-stream" })],
  [/^\/(images|networks|volumes)\/(.+?)(?:\/json)?$/, ([kind = "", name = ""]) => missing(kind, name)],
  [/^\/exec\/.+\/json$/, () => json({ ID: newId, Running: false, ExitCode: 5, ContainerID: newId })],
];

function listed(query: URLSearchParams): Answer {
  const filters = query.get("filters") ?? "";
  if (filters.includes("nope")) return json({ message: "invalid filter 'nope'" }, 400);
  if (filters.includes("none")) return json([]);
  return recorded(query.get("size") === "1" ? "containers-size" : "containers");
}

function missing(kind: string, name: string): Answer {
  const message = {
    images: `No such image: ${name}:latest`,
    networks: `network ${name} not found`,
    volumes: `get ${name}: no such volume`,
  }[kind];
  return json({ message }, 404);
}

const writes: readonly Route[] = [
  [
    /^\/containers\/create$/,
    (_, { query }) =>
      query.get("name") === "taken"
        ? json({ message: 'Conflict. The container name "/taken" is already in use' }, 409)
        : json({ Id: newId, Warnings: query.get("name") === "warned" ? ["first warning", "second warning"] : [] }, 201),
  ],
  [/^\/containers\/(.+)\/wait$/, ([name = ""]) => (isKnown(name) ? json({ StatusCode: 3 }) : noSuchContainer(name))],
  [
    /^\/containers\/prune$/,
    () => json({ ContainersDeleted: ["a".repeat(64), "b".repeat(64)], SpaceReclaimed: 123_456 }),
  ],
  [
    /^\/images\/prune$/,
    () => json({ ImagesDeleted: [{ Untagged: "a:b" }, { Deleted: `sha256:${"c".repeat(64)}` }], SpaceReclaimed: 4096 }),
  ],
  [/^\/networks\/prune$/, () => json({ NetworksDeleted: ["old"] })],
  [/^\/volumes\/prune$/, () => json({ VolumesDeleted: ["v1", "v2"], SpaceReclaimed: 1_500_000_000 })],
  [/^\/build\/prune$/, () => json({ CachesDeleted: null, SpaceReclaimed: 0 })],
  [/^\/containers\/(.+)\/exec$/, ([name = ""]) => (isKnown(name) ? json({ Id: newId }, 201) : noSuchContainer(name))],
  [/^\/exec\/.+\/start$/, () => nothing],
  [
    /^\/containers\/(.+)\/update$/,
    ([name = ""]) => (isKnown(name) ? json({ Warnings: ["a warning"] }) : noSuchContainer(name)),
  ],
  [/^\/containers\/([^/]+)(?:\/[a-z]+)?$/, ([name = ""]) => (isKnown(name) ? nothing : noSuchContainer(name))],
];

function answerTo(asked: Asked): Answer {
  const routes = asked.method === "GET" || asked.method === "HEAD" ? reads : writes;
  for (const [pattern, answer] of routes) {
    const match = pattern.exec(asked.path);
    const found = match ? answer(match.slice(1), asked) : undefined;
    if (found) return found;
  }
  return json({ message: `page not found: ${asked.method} ${asked.path}` }, 404);
}

/** What says nothing: absent, empty, or the value that means "not set". */
function isEmpty(key: string, value: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === false || value === 0) return true;
  if (key === "MemorySwappiness" && value === -1) return true;
  if (key === "ConsoleSize" && JSON.stringify(value) === "[0,0]") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** Without what is empty, keys sorted. Items of lists stay, in their order where it means anything. */
function essence(value: unknown, within = ""): unknown {
  if (Array.isArray(value)) return within === "Binds" ? value.toSorted(byText) : value.map((item) => essence(item));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, essence(item, key)] as const)
    .filter(([key, item]) => !isEmpty(key, item));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Lists of filters were sets once: `{"a":{"b":true}}`. */
function sameFilters(text: string): string {
  const filters = JSON.parse(text) as Readonly<Record<string, readonly string[] | object>>;
  const lists = Object.entries(filters).map(
    ([key, values]) => [key, Array.isArray(values) ? values : Object.keys(values)] as const,
  );
  return JSON.stringify(Object.fromEntries(lists.sort(([a], [b]) => (a < b ? -1 : 1))));
}

function described({ method, path, query }: Asked, body: string): string {
  const filters = query.get("filters");
  if (filters) query.set("filters", sameFilters(filters));
  const given = [...query].filter(([, value]) => value !== "" && value !== "0" && value !== "false").sort(byText);
  const search = given.length === 0 ? "" : `?${given.map(([key, value]) => `${key}=${value}`).join("&")}`;
  const text = body.startsWith("{") ? JSON.stringify(essence(JSON.parse(body))) : body;
  const shown = path.replace(/(?<=^\/containers\/)[0-9a-f]{64}/, (id) => ids.get(id) ?? id);
  return `${method} ${shown}${search}${text === "" || text === "{}" ? "" : ` ${text}`}`;
}

function askedOf({ method = "GET", url = "/" }: IncomingMessage): Asked {
  const { pathname, searchParams } = new URL(url, "http://engine");
  return { method, path: decodeURIComponent(pathname).replace(/^\/v1\.\d+(?=\/)/, ""), query: searchParams };
}

const headers = {
  "Api-Version": "1.51",
  "Docker-Experimental": "false",
  Ostype: "linux",
  Server: "Docker/28.5.2 (linux)",
};

/** Listens at the socket. Streams that are upgraded say a few lines and end. */
export async function openRecordedEngine(socket: string): Promise<RecordedEngine> {
  const requests: string[] = [];
  const note = (asked: Asked, body: string): void => {
    if (asked.method !== "GET" && asked.method !== "HEAD") requests.push(described(asked, body));
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    request.on("end", () => {
      const asked = askedOf(request);
      const { status = 200, body, type = "application/json" } = answerTo(asked);
      if (status !== 404 && !asked.path.endsWith("/wait")) note(asked, Buffer.concat(chunks).toString());
      response.writeHead(status, status === 204 ? headers : { ...headers, "Content-Type": type });
      response.end(body);
    });
  });
  server.on("upgrade", (request: IncomingMessage, stream: Duplex) => {
    const asked = askedOf(request);
    note(asked, "");
    stream.write(
      "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
    );
    stream.end(output);
  });
  await new Promise<void>((done) => server.listen(socket, done));
  return {
    socket,
    takeRequests: () => requests.splice(0).sort(),
    [Symbol.asyncDispose]: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
