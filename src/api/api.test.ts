import { describe, expect, test } from "bun:test";
import { EngineError, silentLogger, type Clock } from "#core";
import type { Engine } from "#engine";
import type { ContainerInspect, ImageSummary } from "#spec";
import { bodyOf, createApi, type ApiRequest, type ApiResponse } from "./mod.ts";
import { recordingEngine } from "./testing/mod.ts";

const clock: Clock = { nowMs: () => 1_000_000, nowNs: () => 1_000_000_000_000n };
const encoder = new TextEncoder();

interface Sent {
  readonly body?: unknown;
  readonly type?: string;
}

async function ask(engine: Engine, line: string, { body, type = "application/json" }: Sent = {}): Promise<ApiResponse> {
  const [method = "", target = ""] = line.split(" ");
  const bytes = body === undefined ? undefined : encoder.encode(typeof body === "string" ? body : JSON.stringify(body));
  const headers = bytes ? { "content-type": type, "content-length": String(bytes.length) } : {};
  const request: ApiRequest = { method, target, headers, body: bodyOf(bytes), signal: new AbortController().signal };
  return createApi({ engine, version: "9.9", logger: silentLogger, clock }).handle(request);
}

function messageIn(response: ApiResponse): unknown {
  return response.kind === "json" ? (response.value as { message?: unknown }).message : undefined;
}

async function bytesOf(response: ApiResponse): Promise<Buffer> {
  if (response.kind !== "stream") throw new Error(`a ${response.kind}, no stream`);
  return Buffer.concat((await Array.fromAsync(response.chunks)).map((chunk) => Buffer.from(chunk as string)));
}

describe("versions", () => {
  test.each([
    ["GET /v1.52/_ping", 400, "client version 1.52 is too new. Maximum supported API version is 1.51"],
    [
      "GET /v1.23/info",
      400,
      "client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version",
    ],
    ["GET /v1.x/info", 404, "page not found"],
    ["GET /nope", 404, "page not found"],
    ["POST /_ping", 404, "page not found"],
    ["PUT /containers/json", 404, "page not found"],
    ["GET /containers/%zz/json", 400, 'invalid URL escape in "%zz"'],
  ])("%s", async (line, status, message) => {
    const response = await ask(recordingEngine().engine, line);
    expect([response.status, messageIn(response)]).toEqual([status, message]);
  });

  test("every answer carries the engine's headers", async () => {
    for (const line of ["GET /_ping", "HEAD /v1.24/_ping", "GET /nope", "OPTIONS /x"]) {
      expect((await ask(recordingEngine().engine, line)).headers).toMatchObject({
        "Api-Version": "1.51",
        "Docker-Experimental": "false",
        Ostype: "linux",
        Server: "Docker/9.9 (linux)",
      });
    }
  });
});

describe("what the engine is asked", () => {
  test.each<[string, string, unknown[], Sent?]>([
    ["GET /containers/json", "containers.list", [{ all: false, limit: 0, size: false, filters: new Map() }]],
    [
      "GET /v1.30/containers/json?all=1&limit=3&size=True&filters=%7B%22label%22%3A%7B%22a%3Db%22%3Atrue%7D%7D",
      "containers.list",
      [{ all: true, limit: 3, size: true, filters: new Map([["label", ["a=b"]]]) }],
    ],
    ["GET /containers/%2Fweb/json?size=none", "containers.inspect", ["/web", { size: false }]],
    ["GET /containers//web/json", "containers.inspect", ["web", { size: false }]],
    ["POST /containers/c/start", "containers.start", ["c"]],
    ["POST /containers/c/stop?t=-1&signal=HUP", "containers.stop", ["c", { timeoutSeconds: -1, signal: "HUP" }]],
    ["POST /v1.41/containers/c/stop?signal=HUP", "containers.stop", ["c", {}]],
    ["POST /containers/c/kill", "containers.kill", ["c", "SIGKILL"]],
    ["POST /containers/c/resize?h=4&w=5", "containers.resize", ["c", { height: 4, width: 5 }]],
    ["DELETE /containers/c?v=1&force=true", "containers.remove", ["c", { force: true, volumes: true, link: false }]],
    ["GET /containers/c/top?ps_args=aux", "containers.top", ["c", "aux"]],
    ["GET /images/localhost:5000/team/app:1.2/json", "images.inspect", ["localhost:5000/team/app:1.2"]],
    ["GET /images/localhost%3A5000%2Fapp@sha256%3Aab/history", "images.history", ["localhost:5000/app@sha256:ab"]],
    ["GET /images/json/json", "images.inspect", ["json"]],
    ["DELETE /images/a/b:c?force=1", "images.remove", ["a/b:c", { force: true, noprune: false }]],
    ["POST /images/a/tag?repo=x/y&tag=2", "images.tag", ["a", "x/y", "2"]],
    ["POST /images/a/tag?repo=h:5000/y:3", "images.tag", ["a", "h:5000/y", "3"]],
    ["GET /images/get?names=a,b&names=c", "images.save", [["a", "b", "c"]]],
    ["GET /images/x/y/get", "images.save", [["x/y"]]],
    ["POST /volumes/create", "volumes.create", [{ Name: "v" }], { body: { name: "v", Labels: null } }],
    ["DELETE /volumes/v?force=1", "volumes.remove", ["v", true]],
    [
      "POST /exec/e/start",
      "execs.startDetached",
      ["e", { Detach: true, Tty: false }],
      { body: { detach: true, Tty: false } },
    ],
    [
      "POST /containers/c/exec",
      "containers.createExec",
      ["c", { Cmd: ["ls", "-l"] }],
      { body: { Cmd: ["ls", "-l"], Env: null } },
    ],
  ])("%s", async (line, useCase, args, sent) => {
    const answers = {
      images: { list: () => [], save: () => Promise.resolve(new ReadableStream()) },
      volumes: { list: () => [] },
    } as never;
    const { engine, calls } = recordingEngine(answers);
    await ask(engine, line, sent);
    expect(calls).toEqual([{ useCase, args }]);
  });

  test("a volume prune before 1.42 takes named volumes", async () => {
    const prune = () => Promise.resolve({ deleted: [], spaceReclaimed: 0 });
    const { engine, calls } = recordingEngine({ volumes: { prune } });
    await ask(engine, "POST /v1.41/volumes/prune");
    const response = await ask(engine, "POST /volumes/prune");
    expect(calls.map(({ args }) => args)).toEqual([[new Map([["all", ["true"]]])], [new Map()]]);
    expect(response).toMatchObject({ status: 200, value: { VolumesDeleted: [], SpaceReclaimed: 0 } });
  });

  test("create: names in any case, text for a list, null for absence", async () => {
    const { engine, calls } = recordingEngine({
      containers: { create: () => Promise.resolve({ Id: "f", Warnings: [] }) },
    });
    const body = {
      image: "busybox",
      Cmd: "top",
      Entrypoint: null,
      Unknown: { kept: 1 },
      ExposedPorts: { "80/tcp": {} },
      HostConfig: {
        binds: ["/a:/b"],
        PortBindings: { "80/tcp": null },
        Mounts: [{ Type: "bind", Source: "/s", Target: "/t", BindOptions: null }],
      },
      NetworkingConfig: { EndpointsConfig: { net: null } },
    };
    const response = await ask(engine, "POST /containers/create?name=web&platform=linux/amd64", { body });
    expect(response).toMatchObject({ status: 201, value: { Id: "f", Warnings: [] } });
    expect(calls[0]?.args).toEqual([
      "web",
      {
        Image: "busybox",
        Cmd: ["top"],
        Unknown: { kept: 1 },
        ExposedPorts: { "80/tcp": {} },
        HostConfig: {
          Binds: ["/a:/b"],
          PortBindings: { "80/tcp": null },
          Mounts: [{ Type: "bind", Source: "/s", Target: "/t" }],
        },
        NetworkingConfig: { EndpointsConfig: { net: null } },
      },
      "linux/amd64",
    ]);
  });

  test("build options", async () => {
    const messages = async function* () {
      yield { stream: "Step 1/1 : FROM x\n" };
    };
    const { engine, calls } = recordingEngine({ build: messages });
    const query = "t=a:1&t=b&buildargs=%7B%22A%22%3A%221%22%2C%22B%22%3Anull%7D&rm=0&q=1&memory=1024&networkmode=none";
    const response = await ask(engine, `POST /build?${query}`);
    expect((await bytesOf(response)).toString()).toBe('{"stream":"Step 1/1 : FROM x\\n"}\r\n');
    expect(calls[0]?.args[1]).toMatchObject({
      dockerfile: "Dockerfile",
      tags: ["a:1", "b"],
      buildArgs: { A: "1", B: null },
      rm: false,
      quiet: true,
      memory: 1024,
      networkMode: "none",
    });
  });
});

describe("refusals", () => {
  test.each<[string, number, string, Sent?]>([
    ["GET /containers/json?filters=%7B%22foo%22:%5B%22a%22%5D%7D", 400, "invalid filter 'foo'"],
    ["GET /containers/json?filters=zzz", 400, "invalid filter"],
    ["GET /containers/json?filters=%7B%22label%22:5%7D", 400, "invalid filter"],
    ["GET /containers/json?limit=x", 400, 'invalid limit "x": not an integer'],
    ["GET /events?since=20&until=10", 400, "`since` time (20) cannot be after `until` time (10)"],
    ["GET /events?since=yesterday", 400, 'failed to parse value as time or duration: "yesterday"'],
    ["GET /containers/c/logs", 400, "Bad parameters: you must choose at least one stream"],
    ["POST /containers/c/wait?condition=foo", 400, 'invalid condition: "foo"'],
    ["POST /containers/c/resize?h=1&w=x", 400, 'invalid resize width "x": invalid syntax'],
    ["POST /containers/c/attach?detachKeys=foo", 400, "Invalid detach keys (foo) provided"],
    ["POST /containers/c/exec", 400, "No exec command specified"],
    ["POST /containers/create", 400, "invalid JSON: got EOF while reading request body"],
    [
      "POST /containers/create",
      400,
      "unsupported Content-Type header (text/plain): must be 'application/json'",
      { body: {}, type: "text/plain" },
    ],
    [
      "POST /containers/create",
      400,
      'invalid JSON: HostConfig.Memory: Invalid type: Expected number but received "1"',
      { body: { HostConfig: { Memory: "1" } } },
    ],
    [
      "POST /v1.43/containers/create",
      400,
      "Container cannot be connected to network endpoints: a, b",
      { body: { NetworkingConfig: { EndpointsConfig: { a: {}, b: {} } } } },
    ],
    [
      "POST /containers/c/start",
      400,
      "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24",
      { body: { a: 12345 } },
    ],
    ["GET /system/df?type=foo", 400, "unknown object type: foo"],
    ["POST /images/create?fromImage=busybox&tag=latest", 501, "pulling from a registry is not built yet"],
    ["GET /containers/c/checkpoints", 501, "GET /containers/{id}/checkpoints is not built yet"],
    ["GET /distribution/a/b/json", 501, "GET /distribution/{name}/json is not built yet"],
    ["POST /swarm/leave", 503, "This node is not part of a swarm"],
    ["GET /plugins/a/b/json", 404, 'plugin "a/b" not found'],
  ])("%s", async (line, status, message, sent) => {
    const { engine, calls } = recordingEngine();
    const response = await ask(engine, line, sent);
    expect([response.status, messageIn(response), calls]).toEqual([status, message, []]);
  });

  test("errors of the engine become Docker's", async () => {
    const failing = (error: Error) =>
      recordingEngine({
        containers: {
          start: () => Promise.reject(error),
          list: () => {
            throw error;
          },
        },
      }).engine;
    expect(await ask(failing(new EngineError("not_modified", "x")), "POST /containers/c/start")).toMatchObject({
      kind: "empty",
      status: 304,
    });
    expect(
      await ask(failing(new EngineError("not_found", "No such container: c")), "POST /containers/c/start"),
    ).toMatchObject({
      status: 404,
      value: { message: "No such container: c" },
    });
    expect(await ask(failing(new Error("boom")), "GET /containers/json")).toMatchObject({
      status: 500,
      value: { message: "boom" },
    });
  });
});

describe("shapes by version", () => {
  const image: ImageSummary = {
    Id: "sha256:1",
    ParentId: "",
    RepoTags: [],
    RepoDigests: [],
    Created: 1,
    Size: 7,
    SharedSize: -1,
    Labels: null,
    Containers: 2,
  };
  const { engine } = recordingEngine({
    images: { list: () => [image] },
    containers: {
      inspect: () =>
        Promise.resolve({
          Id: "0123456789abcdef",
          NetworkSettings: { Networks: { net: { Aliases: null }, bridge: { Aliases: null } } },
        } as unknown as ContainerInspect),
    },
  });

  test.each([
    ["1.51", { Containers: 2, RepoTags: [] }],
    ["1.43", { Containers: -1, RepoTags: [], VirtualSize: 7 }],
    ["1.42", { Containers: -1, RepoTags: ["<none>:<none>"], RepoDigests: ["<none>@<none>"], VirtualSize: 7 }],
  ])("images at %s", async (version, expected) => {
    expect(await ask(engine, `GET /v${version}/images/json`)).toMatchObject({ value: [expected] });
  });

  test("aliases held the short id before 1.45", async () => {
    const networks = { net: { Aliases: ["0123456789ab"] }, bridge: { Aliases: null } };
    expect(await ask(engine, "GET /v1.44/containers/c/json")).toMatchObject({
      value: { NetworkSettings: { Networks: networks } },
    });
    expect(await ask(engine, "GET /containers/c/json")).toMatchObject({
      value: { NetworkSettings: { Networks: { net: { Aliases: null } } } },
    });
  });

  test.each([
    ["1.41", false, "application/vnd.docker.raw-stream"],
    ["1.42", false, "application/vnd.docker.multiplexed-stream"],
    ["1.42", true, "application/vnd.docker.raw-stream"],
  ])("logs at %s, tty %p", async (version, tty, type) => {
    const frames = async function* () {
      yield { stream: "stderr" as const, data: encoder.encode("oops") };
    };
    const logs = () => ({ tty, frames: frames() });
    const response = await ask(
      recordingEngine({ containers: { logs } }).engine,
      `GET /v${version}/containers/c/logs?stderr=1`,
    );
    expect(response.headers["Content-Type"]).toBe(type);
    expect((await bytesOf(response)).toString("latin1")).toBe(tty ? "oops" : "\x02\0\0\0\0\0\0\x04oops");
  });

  test("events say status, id and from", async () => {
    const events = async function* () {
      yield {
        Type: "container" as const,
        Action: "die",
        Actor: { ID: "c", Attributes: { image: "bb" } },
        scope: "local" as const,
        time: 1,
        timeNano: 2,
      };
    };
    const { engine: recorded, calls } = recordingEngine({ system: { events } });
    const response = await ask(recorded, "GET /events?since=10m&until=500.5");
    expect(JSON.parse((await bytesOf(response)).toString())).toMatchObject({
      status: "die",
      id: "c",
      from: "bb",
      Action: "die",
    });
    expect(calls[0]?.args[0]).toEqual({ filters: new Map(), since: 400_000_000_000n, until: 500_500_000_000n });
  });
});

describe("progress streams", () => {
  const fails = (before: readonly string[]) =>
    async function* () {
      for (const stream of before) yield { stream };
      throw new EngineError("invalid", "archive is damaged");
    };

  test("a failure before the first message is an HTTP error", async () => {
    const response = await ask(recordingEngine({ images: { load: fails([]) } }).engine, "POST /images/load");
    expect(response).toMatchObject({ status: 400, value: { message: "archive is damaged" } });
  });

  test("a failure after it is a message", async () => {
    const response = await ask(recordingEngine({ images: { load: fails(["a"]) } }).engine, "POST /images/load");
    expect((await bytesOf(response)).toString()).toBe(
      '{"stream":"a"}\r\n{"errorDetail":{"message":"archive is damaged"},"error":"archive is damaged"}\r\n',
    );
  });
});
