import { EngineError } from "#core";
import type { Call } from "../call.ts";
import { filterKeys, parseFilters } from "../filters.ts";
import { boolParam, repositoryParam } from "../query.ts";
import { empty, json, type ApiResponse } from "../response.ts";
import type { Route } from "../router.ts";
import { shapeImageInspect, shapeImageSummary } from "../shape.ts";

export const imageRoutes: readonly Route[] = [
  { method: "GET", pattern: "/images/json", handler: list },
  { method: "GET", pattern: "/images/{name*}/json", handler: inspect },
  {
    method: "GET",
    pattern: "/images/{name*}/history",
    handler: ({ engine, name }) => json(engine.images.history(name)),
  },
  { method: "POST", pattern: "/images/prune", handler: prune },
  { method: "POST", pattern: "/images/{name*}/tag", handler: tag },
  { method: "DELETE", pattern: "/images/{name*}", handler: remove },
];

function list(call: Call): ApiResponse {
  const filters = parseFilters(call, filterKeys.images);
  const sharedSize = call.version >= 1042 && boolParam(call, "shared-size");
  const images = call.engine.images.list({ all: boolParam(call, "all"), filters, sharedSize });
  return json(call.version >= 1051 ? images : images.map((image) => shapeImageSummary(image, call.version)));
}

function inspect(call: Call): ApiResponse {
  return json(shapeImageInspect(call.engine.images.inspect(call.name), call.version));
}

async function prune(call: Call): Promise<ApiResponse> {
  const { deleted, spaceReclaimed } = await call.engine.images.prune(parseFilters(call, filterKeys.imagesPrune));
  return json({ ImagesDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: spaceReclaimed });
}

function tag(call: Call): ApiResponse {
  const { repository, tag: name } = repositoryParam(call);
  if (repository === "") throw new EngineError("invalid", "invalid reference format");
  call.engine.images.tag(call.name, repository, name);
  return empty(201);
}

async function remove(call: Call): Promise<ApiResponse> {
  const options = { force: boolParam(call, "force"), noprune: boolParam(call, "noprune") };
  return json(await call.engine.images.remove(call.name, options));
}
