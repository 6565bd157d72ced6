import { describe, expect, test } from "bun:test";
import { gunzipSync, inflateRawSync } from "node:zlib";
import { EngineError, silentLogger, systemClock } from "#core";
import type { ByteBody } from "#engine";
import type { PathStat } from "#spec";
import { createApi } from "../api.ts";
import { bodyOf } from "../request.ts";
import type { ApiResponse } from "../response.ts";
import { recordingEngine, type RecordedCall } from "../testing/mod.ts";

const stat: PathStat = { name: "ü", size: 3, mode: 2 ** 31 + 0o755, mtime: "2026-01-02T03:04:05Z", linkTarget: "" };

function bodyOfText(...pieces: (string | Error)[]): ByteBody & { readonly canceled: () => number } {
  let canceled = 0;
  return {
    async *[Symbol.asyncIterator]() {
      for (const piece of pieces) {
        if (piece instanceof Error) throw piece;
        yield Buffer.from(piece);
      }
    },
    cancel: async () => void canceled++,
    canceled: () => canceled,
  };
}

async function ask(
  method: string,
  target: string,
  options: { readonly body?: ByteBody; readonly accept?: string; readonly upload?: string } = {},
): Promise<{ readonly answer: ApiResponse; readonly calls: readonly RecordedCall[] }> {
  const { engine, calls } = recordingEngine({
    containers: {
      changes: async () => null,
      statPath: async () => stat,
      getArchive: async () => ({ stat, body: options.body ?? bodyOfText("tar") }),
      export: async () => options.body ?? bodyOfText("all"),
      putArchive: async () => undefined,
    },
  });
  const api = createApi({ engine, version: "1", logger: silentLogger, clock: systemClock });
  const headers = options.accept === undefined ? {} : { "accept-encoding": options.accept };
  const body = bodyOf(options.upload === undefined ? undefined : Buffer.from(options.upload));
  const answer = await api.handle({ method, target, headers, body, signal: new AbortController().signal });
  return { answer, calls };
}

async function bytesOf(answer: ApiResponse): Promise<Buffer> {
  if (answer.kind !== "stream") throw new Error(answer.kind);
  const chunks = await Array.fromAsync(answer.chunks, (chunk) => Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const statOf = (answer: ApiResponse): unknown =>
  JSON.parse(Buffer.from(answer.headers["X-Docker-Container-Path-Stat"] ?? "", "base64").toString());

describe("files of a container", () => {
  test("changes of a container without any are null", async () => {
    expect((await ask("GET", "/v1.51/containers/c/changes")).answer).toMatchObject({ kind: "json", value: null });
  });

  test("HEAD tells all in a header", async () => {
    const { answer, calls } = await ask("HEAD", "/containers/c/archive?path=%2Fa%20b%2F.");
    expect(answer).toMatchObject({ kind: "empty", status: 200 });
    expect(statOf(answer)).toEqual(stat);
    expect(calls).toEqual([{ useCase: "containers.statPath", args: ["c", "/a b/."] }]);
  });

  test("GET has the same header, and a tar", async () => {
    const { answer } = await ask("GET", "/containers/c/archive?path=/a");
    expect(statOf(answer)).toEqual(stat);
    expect(answer.headers).toMatchObject({ "Content-Type": "application/x-tar" });
    expect((await bytesOf(answer)).toString()).toBe("tar");
  });

  test.each(["HEAD", "GET", "PUT"])("%s without a path is refused in Docker's words", async (method) => {
    const { answer, calls } = await ask(method, "/containers/c/archive?path=");
    expect(answer).toMatchObject({ status: 400, value: { message: "bad parameter: pathcannot be empty" } });
    expect(calls).toEqual([]);
  });

  test.each([
    ["gzip", "gzip"],
    ["deflate", "deflate"],
    ["deflate, gzip", "gzip"],
    ["gzip;q=0.5, deflate", "deflate"],
    ["GZIP;q=1.0", "gzip"],
    ["*", "gzip"],
    ["gzip;q=0, *", "deflate"],
    ["identity", undefined],
    ["br", undefined],
    ["gzip;q=0", undefined],
    ["gzip;q=nonsense", undefined],
    ["", undefined],
  ])("Accept-Encoding %j gives %p", async (accept, encoding) => {
    const body = bodyOfText("t".repeat(1000), "ar");
    const { answer } = await ask("GET", "/containers/c/archive?path=/a", { accept, body });
    expect(answer.headers["Content-Encoding"]).toBe(encoding);
    const bytes = await bytesOf(answer);
    const plain = encoding === "gzip" ? gunzipSync(bytes) : encoding === "deflate" ? inflateRawSync(bytes) : bytes;
    expect(plain.toString()).toBe(`${"t".repeat(1000)}ar`);
  });

  test("a compressed answer ends with its source: broken, or left early", async () => {
    const broken = bodyOfText("a", new EngineError("internal", "disk"));
    const first = await ask("GET", "/containers/c/archive?path=/a", { accept: "gzip", body: broken });
    expect(await bytesOf(first.answer).catch(String)).toContain("disk");
    expect(broken.canceled()).toBe(1);
    const left = bodyOfText("a", "b", "c");
    const { answer } = await ask("GET", "/containers/c/archive?path=/a", { accept: "gzip", body: left });
    if (answer.kind === "stream") for await (const _chunk of answer.chunks) break;
    expect(left.canceled()).toBe(1);
  });

  test("PUT hands over the body and what may be overwritten", async () => {
    const target = "/containers/c/archive?path=/a&noOverwriteDirNonDir=true&copyUIDGID=1";
    const { answer, calls } = await ask("PUT", target, { upload: "tar" });
    expect(answer).toMatchObject({ kind: "empty", status: 200 });
    const [, path, content, options] = calls[0]?.args ?? [];
    expect([path, options]).toEqual(["/a", { noOverwriteDirNonDir: true, copyUidGid: true }]);
    expect(await new Response(content as ReadableStream).text()).toBe("tar");
  });

  test("export is bytes of no kind", async () => {
    const { answer } = await ask("GET", "/containers/c/export");
    expect(answer.headers["Content-Type"]).toBe("application/octet-stream");
    expect((await bytesOf(answer)).toString()).toBe("all");
  });
});
