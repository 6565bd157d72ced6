import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { AsyncQueue, EngineError, silentLogger, systemClock } from "#core";
import type { Engine, StreamFrame } from "#engine";
import { createApi } from "#api";
import { echoSession, recordingEngine } from "#api/testing";
import { serveHttp } from "../../src/boot/http.ts";
import { removeTestTree } from "../support/remove.ts";
import { tag } from "../support/tag.ts";

/**
 * Real clients against the API and its server. The engine is a small one whose processes echo: what is tested here is
 * the wire, the engine's own end-to-end tests use the whole daemon.
 */

let directory = "";
let host = "";
const open = new AsyncDisposableStack();
const frames = new AsyncQueue<StreamFrame>();

function container(tty: boolean): object {
  const Config = { Tty: tty, OpenStdin: true, AttachStdin: true, AttachStdout: true, Image: "busybox", Labels: {} };
  return { Id: "f".repeat(64), Name: "/web", Config, State: { Status: "running", Running: true, ExitCode: 0 } };
}

const engine: Partial<Record<keyof Engine, object>> = {
  containers: {
    inspect: async (ref: string) => {
      if (ref !== "web" && ref !== "tty") throw new EngineError("not_found", `No such container: ${ref}`);
      return { ...container(ref === "tty"), NetworkSettings: { Networks: {} } };
    },
    attach: async (ref: string) => echoSession({ tty: ref === "tty" }),
    createExec: async () => ({ Id: "e".repeat(64) }),
    wait: () => ({ result: Promise.resolve({ StatusCode: 42, Error: null }) }),
    list: () => [],
    start: async () => {
      throw new EngineError("not_modified", "already started");
    },
    logs: () => ({ tty: false, frames }),
  },
  execs: {
    inspect: () => ({ DetachKeys: "", ExitCode: 7, Running: false }),
    start: async () => echoSession({ tty: false }),
    startDetached: async () => undefined,
  },
  images: {
    load: async function* (archive: ReadableStream<Uint8Array>) {
      let size = 0;
      for await (const chunk of archive) size += chunk.length;
      yield { stream: `Loaded image: size:${size}\n` };
    },
    import: async function* (source: ReadableStream<Uint8Array>, image: { repository: string; tag: string }) {
      for await (const _ of source);
      yield { status: `sha256:${image.repository}:${image.tag}` };
    },
    save: async (names: readonly string[]) => {
      if (names[0] !== "size") throw new EngineError("not_found", `No such image: ${names[0]}`);
      return new Blob(["a tar"]).stream();
    },
  },
  system: {
    events: async function* () {
      yield {
        Type: "container",
        Action: "die",
        Actor: { ID: "f00", Attributes: { image: "bb" } },
        scope: "local",
        time: 1,
        timeNano: 1e9,
      };
    },
    version: () => ({
      Version: "9.9",
      ApiVersion: "1.51",
      MinAPIVersion: "1.24",
      Os: "linux",
      Arch: "amd64",
      Components: [],
      Platform: { Name: "" },
    }),
  },
};

async function* build(context: ReadableStream<Uint8Array>): AsyncGenerator<object> {
  yield { stream: "Step 1/1 : FROM scratch\n" };
  for await (const _ of context);
  yield { errorDetail: { code: 3, message: "it failed" }, error: "it failed" };
}

beforeAll(async () => {
  directory = mkdtempSync(`/tmp/${tag}api-`);
  const path = join(directory, "api.sock");
  host = `unix://${path}`;
  const recorded = recordingEngine({ ...engine, build }).engine;
  const api = createApi({ engine: recorded, version: "9.9", logger: silentLogger, clock: systemClock });
  open.use(await serveHttp({ api, listen: { kind: "unix", path }, logger: silentLogger }));
});

afterAll(async () => {
  await open.disposeAsync();
  removeTestTree(directory);
});

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(command: readonly string[], stdin?: Uint8Array | string): Promise<Run> {
  const env = {
    PATH: process.env["PATH"] ?? "",
    DOCKER_HOST: host,
    DOCKER_BUILDKIT: "0",
    DOCKER_CONFIG: directory,
    HOME: directory,
  };
  const child = Bun.spawn([...command], {
    env,
    stdin: stdin === undefined ? "ignore" : Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, out, err };
}

const docker = (args: string, stdin?: Uint8Array | string): Promise<Run> => run(["docker", ...args.split(" ")], stdin);

describe.skipIf(Bun.which("docker") === null)("docker CLI", () => {
  test("negotiates, and prints the version", async () => {
    expect((await docker("version --format {{.Server.Version}}/{{.Client.APIVersion}}")).out).toMatch(
      /^9\.9\/1\.\d+\n$/,
    );
  });

  test("exec -i: stdin with half-close, both output streams, exit code", async () => {
    expect(await docker("exec -i web cat", "hello\n")).toEqual({ code: 7, out: "hello\n", err: "bye\n" });
  });

  test("exec -i of more than any buffer", async () => {
    const input = Buffer.alloc(8 << 20, "0123456789abcdef");
    const { code, out } = await docker("exec -i web cat", input);
    expect([code, out.length, Bun.hash(out) === Bun.hash(input)]).toEqual([7, input.length, true]);
  });

  test("attach with a terminal in the container", async () => {
    expect(await docker("attach --no-stdin=false web", "typed\n")).toMatchObject({
      out: "typed\n",
      err: "bye\n",
      code: 42,
    });
  });

  test("logs, followed", async () => {
    frames.push({ stream: "stdout", data: Buffer.from("one\n") });
    frames.push({ stream: "stderr", data: Buffer.from("two\n") });
    frames.end();
    expect(await docker("logs -f web")).toEqual({ code: 0, out: "one\n", err: "two\n" });
  });

  test("wait, start of what runs, events", async () => {
    expect(await docker("wait web")).toMatchObject({ code: 0, out: "42\n" });
    expect(await docker("start web")).toMatchObject({ code: 0, out: "web\n" });
    expect((await docker("events --until 1 --format {{.Action}}")).out).toBe("die\n");
  });

  test("load, import and save", async () => {
    const size = 3 << 20;
    expect((await docker("load", Buffer.alloc(size))).out).toBe(`Loaded image: size:${size}\n`);
    expect((await docker("import - repo/x:1", "tar")).out).toBe("sha256:repo/x:1\n");
    expect(await docker(`save -o ${directory}/out.tar size`)).toMatchObject({ code: 0 });
    expect(await Bun.file(`${directory}/out.tar`).text()).toBe("a tar");
    expect((await docker("save nope")).err).toContain("No such image: nope");
  });

  test("build: an error in the stream", async () => {
    const built = await run(["docker", "build", "-"], "FROM scratch\n");
    expect(built.code).toBe(3);
    expect(built.out).toContain("Step 1/1 : FROM scratch\n");
    expect(built.err).toContain("it failed");
  });

  test("errors are the engine's", async () => {
    expect((await docker("inspect --type container nope")).err).toContain("No such container: nope");
    expect((await docker("pull busybox")).err).toContain("pulling from a registry is not built yet");
    expect((await docker("search busybox")).err).toContain("GET /images/search is not built yet");
    expect((await docker("ps --filter nope=1")).err).toContain("invalid filter 'nope'");
  });
});

/** In a process of its own, as every client. */
test("dockerode: exec and attach hijacked, and the status codes its users look at", async () => {
  const script = join(import.meta.dirname, "api-dockerode.ts");
  const { out, err } = await run([process.execPath, script, host.slice("unix://".length)]);
  expect(err).toBe("");
  expect(JSON.parse(out)).toEqual({
    exec: { bytes: "\x01\0\0\0\0\0\0\x02hi\x02\0\0\0\0\0\0\x04bye\n", exitCode: 7 },
    attach: "hibye\n",
    start: 304,
    inspect: 404,
    commit: 501,
    list: [],
    wait: { StatusCode: 42 },
  });
});

test("curl", async () => {
  const { out } = await run(["curl", "-si", "--unix-socket", host.slice("unix://".length), "http://d/v1.24/_ping"]);
  expect(out).toStartWith("HTTP/1.1 200 OK\r\n");
  expect(out).toContain("Builder-Version: 1\r\n");
  expect(out).toEndWith("\r\n\r\nOK");
  const head = await run(["curl", "-sI", "--unix-socket", host.slice("unix://".length), "http://d/_ping"]);
  expect(head.out).toContain("Content-Length: 0\r\n");
});
