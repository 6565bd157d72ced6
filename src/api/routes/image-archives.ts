import { EngineError } from "#core";
import { parsePlatform } from "#spec";
import type { Call } from "../call.ts";
import { progressResponse } from "../progress.ts";
import { boolParam, repositoryParam } from "../query.ts";
import { stream, type ApiResponse } from "../response.ts";
import type { Route } from "../router.ts";

export const imageArchiveRoutes: readonly Route[] = [
  {
    method: "GET",
    pattern: "/images/get",
    handler: (call) => save(call, call.query.getAll("names").flatMap(splitNames)),
  },
  { method: "GET", pattern: "/images/{name*}/get", handler: (call) => save(call, [call.name]) },
  { method: "POST", pattern: "/images/load", handler: load },
  { method: "POST", pattern: "/images/create", handler: create },
];

function splitNames(names: string): readonly string[] {
  return names.split(",").filter((name) => name !== "");
}

async function save(call: Call, names: readonly string[]): Promise<ApiResponse> {
  if (names.length === 0) throw new EngineError("invalid", "no image given to save");
  return stream("application/x-tar", await call.engine.images.save(names));
}

function load(call: Call): Promise<ApiResponse> {
  const platform = call.param("platform");
  const options = { quiet: boolParam(call, "quiet"), ...(platform !== "" && { platform }) };
  return progressResponse(call.engine.images.load(call.request.body.stream(), options));
}

/** Import of a file system; a pull needs a registry client. */
function create(call: Call): Promise<ApiResponse> {
  const source = call.param("fromSrc");
  if (source === "") throw new EngineError("not_implemented", "pulling from a registry is not built yet");
  const platform = call.param("platform");
  if (platform !== "") parsePlatform(platform);
  const messages = call.engine.images.import(source === "-" ? call.request.body.stream() : sourceUrl(source), {
    ...repositoryParam(call),
    message: call.param("message"),
    changes: changesOf(call),
    ...(platform !== "" && { platform }),
  });
  return progressResponse(messages);
}

/** One instruction each. */
function changesOf(call: Call): readonly string[] {
  const given = call.query.getAll("changes");
  const changes = given.flatMap((change) => change.split("\n").filter((line) => line.trim() !== ""));
  if (given.length > 0 && changes.length === 0) throw new EngineError("invalid", "file with no instructions");
  return changes;
}

/** Docker takes a host without scheme for http. */
function sourceUrl(source: string): URL {
  const url = URL.parse(source.includes("://") ? source : `http://${source}`);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new EngineError("invalid", `invalid source ${JSON.stringify(source)}: must be "-" or an http(s) URL`);
}
