import { EngineError } from "#core";
import type { ByteBody } from "#engine";
import { pathStatHeader, type PathStat } from "#spec";
import type { Call } from "../call.ts";
import { boolParam } from "../query.ts";
import { headerOf } from "../request.ts";
import { empty, json, stream, type ApiResponse, type ResponseHeaders } from "../response.ts";
import type { Route } from "../router.ts";

/** The files of a container: what changed, all of them, or what stands at a path. */
export const containerFileRoutes: readonly Route[] = [
  { method: "GET", pattern: "/containers/{id}/changes", handler: changes },
  { method: "GET", pattern: "/containers/{id}/export", handler: exportFiles },
  { method: "HEAD", pattern: "/containers/{id}/archive", handler: stat },
  { method: "GET", pattern: "/containers/{id}/archive", handler: get },
  { method: "PUT", pattern: "/containers/{id}/archive", handler: put },
];

async function changes(call: Call): Promise<ApiResponse> {
  return json(await call.engine.containers.changes(call.name));
}

async function exportFiles(call: Call): Promise<ApiResponse> {
  return stream("application/octet-stream", await call.engine.containers.export(call.name));
}

async function stat(call: Call): Promise<ApiResponse> {
  const found = await call.engine.containers.statPath(call.name, pathOf(call));
  return { ...empty(200), headers: statHeaders(found) };
}

async function get(call: Call): Promise<ApiResponse> {
  const { stat: found, body } = await call.engine.containers.getArchive(call.name, pathOf(call));
  const encoding = chosenEncoding(headerOf(call.request.headers, "accept-encoding") ?? "");
  const answer = stream("application/x-tar", encoding === undefined ? body : encoded(body, encoding));
  const coding: ResponseHeaders = encoding === undefined ? {} : { "Content-Encoding": encoding };
  return { ...answer, headers: { ...answer.headers, ...statHeaders(found), ...coding } };
}

async function put(call: Call): Promise<ApiResponse> {
  const options = {
    noOverwriteDirNonDir: boolParam(call, "noOverwriteDirNonDir"),
    copyUidGid: boolParam(call, "copyUIDGID"),
  };
  await call.engine.containers.putArchive(call.name, pathOf(call), call.request.body.stream(), options);
  return empty(200);
}

function pathOf(call: Call): string {
  const path = call.param("path");
  // Docker's own text, to the letter.
  if (path === "") throw new EngineError("invalid", "bad parameter: pathcannot be empty");
  return path;
}

function statHeaders(found: PathStat): ResponseHeaders {
  return { [pathStatHeader]: Buffer.from(JSON.stringify(found)).toString("base64") };
}

type Encoding = "gzip" | "deflate";

/** The one the client likes best, gzip before deflate; undefined for none of them. */
function chosenEncoding(accepted: string): Encoding | undefined {
  const offers = accepted.split(",").map((offer) => {
    const [name = "", ...parameters] = offer.split(";").map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith("q="));
    return { name, quality: quality === undefined ? 1 : Number(quality.slice(2)) };
  });
  const qualityOf = (name: Encoding): number =>
    (offers.find((offer) => offer.name === name) ?? offers.find((offer) => offer.name === "*"))?.quality || 0;
  const [gzip, deflate] = [qualityOf("gzip"), qualityOf("deflate")];
  if (Math.max(gzip, deflate) <= 0) return undefined;
  return gzip >= deflate ? "gzip" : "deflate";
}

/** Go's `deflate` is the bare one. */
async function* encoded(body: ByteBody, encoding: Encoding): AsyncGenerator<Uint8Array, void, undefined> {
  const [{ createDeflateRaw, createGzip }, { Readable }, { pipeline }] = await Promise.all([
    import("node:zlib"),
    import("node:stream"),
    import("node:stream/promises"),
  ]);
  const coder = encoding === "gzip" ? createGzip() : createDeflateRaw();
  // Its failure is the coder's too, and told there.
  const piped = pipeline(Readable.from(body, { objectMode: false }), coder).catch(() => undefined);
  try {
    for await (const bytes of coder as AsyncIterable<Uint8Array>) yield bytes;
  } finally {
    coder.destroy();
    await piped;
    await body.cancel();
  }
}
