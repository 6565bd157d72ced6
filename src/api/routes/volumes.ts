import type { Filters } from "#engine";
import { readJson } from "../body.ts";
import type { Call } from "../call.ts";
import { filterKeys, parseFilters } from "../filters.ts";
import { boolParam } from "../query.ts";
import { empty, json, type ApiResponse } from "../response.ts";
import type { Route } from "../router.ts";
import { volumeCreateSchema } from "../schemas.ts";

export const volumeRoutes: readonly Route[] = [
  { method: "GET", pattern: "/volumes", handler: list },
  { method: "GET", pattern: "/volumes/{name*}", handler: ({ engine, name }) => json(engine.volumes.inspect(name)) },
  { method: "POST", pattern: "/volumes/create", handler: create },
  { method: "POST", pattern: "/volumes/prune", handler: prune },
  { method: "DELETE", pattern: "/volumes/{name*}", handler: remove },
];

function list(call: Call): ApiResponse {
  return json({ Volumes: call.engine.volumes.list(parseFilters(call, filterKeys.volumes)), Warnings: null });
}

async function create(call: Call): Promise<ApiResponse> {
  return json(await call.engine.volumes.create(await readJson(call.request, volumeCreateSchema, {})), 201);
}

async function remove(call: Call): Promise<ApiResponse> {
  await call.engine.volumes.remove(call.name, boolParam(call, "force"));
  return empty(204);
}

async function prune(call: Call): Promise<ApiResponse> {
  const filters = parseFilters(call, filterKeys.volumesPrune);
  const { deleted, spaceReclaimed } = await call.engine.volumes.prune(pruneFilters(filters, call.version));
  return json({ VolumesDeleted: deleted, SpaceReclaimed: spaceReclaimed });
}

/** Before 1.42 a prune took named volumes too. */
function pruneFilters(filters: Filters, version: number): Filters {
  return version < 1042 ? new Map([...filters, ["all", ["true"]]]) : filters;
}
