import { EngineError } from "#core";
import type { ContainerCreateRequest } from "#spec";
import { readJson } from "../body.ts";
import type { Call } from "../call.ts";
import { parseDetachKeys } from "../detach.ts";
import { filterKeys, parseFilters } from "../filters.ts";
import { boolParam, intParam } from "../query.ts";
import { empty, json, type ApiResponse } from "../response.ts";
import type { Route } from "../router.ts";
import { containerCreateSchema, containerUpdateSchema, execCreateSchema } from "../schemas.ts";
import { shapeContainerInspect } from "../shape.ts";

export const containerRoutes: readonly Route[] = [
  { method: "GET", pattern: "/containers/json", handler: list },
  { method: "GET", pattern: "/containers/{id}/json", handler: inspect },
  { method: "GET", pattern: "/containers/{id}/top", handler: top },
  { method: "POST", pattern: "/containers/create", handler: create },
  { method: "POST", pattern: "/containers/prune", handler: prune },
  { method: "POST", pattern: "/containers/{id}/exec", handler: createExec },
  { method: "POST", pattern: "/containers/{id}/rename", handler: rename },
  { method: "POST", pattern: "/containers/{id}/update", handler: update },
  { method: "DELETE", pattern: "/containers/{id}", handler: remove },
];

function list(call: Call): ApiResponse | Promise<ApiResponse> {
  const filters = parseFilters(call, filterKeys.containers);
  const options = { all: boolParam(call, "all"), limit: intParam(call, "limit") ?? 0, size: boolParam(call, "size") };
  const found = call.engine.containers.list({ ...options, filters });
  return Array.isArray(found) ? json(found) : found.then((sized) => json(sized));
}

async function inspect(call: Call): Promise<ApiResponse> {
  const container = await call.engine.containers.inspect(call.name, { size: boolParam(call, "size") });
  return json(shapeContainerInspect(container, call.version));
}

async function top(call: Call): Promise<ApiResponse> {
  return json(await call.engine.containers.top(call.name, call.param("ps_args") || "-ef"));
}

async function create(call: Call): Promise<ApiResponse> {
  const request = await readJson(call.request, containerCreateSchema);
  if (Object.keys(request).length === 0)
    throw new EngineError("invalid", "config cannot be empty in order to create a container");
  checkEndpoints(request, call.version);
  const platform = call.param("platform");
  const { containers } = call.engine;
  return json(await containers.create(call.param("name"), request, ...(platform === "" ? [] : [platform])), 201);
}

function checkEndpoints({ NetworkingConfig }: ContainerCreateRequest, version: number): void {
  const names = Object.keys(NetworkingConfig?.EndpointsConfig ?? {});
  if (version >= 1044 || names.length <= 1) return;
  throw new EngineError("invalid", `Container cannot be connected to network endpoints: ${names.join(", ")}`);
}

async function prune(call: Call): Promise<ApiResponse> {
  const { deleted, spaceReclaimed } = await call.engine.containers.prune(
    parseFilters(call, filterKeys.containersPrune),
  );
  return json({ ContainersDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: spaceReclaimed });
}

async function createExec(call: Call): Promise<ApiResponse> {
  const { ConsoleSize, ...request } = await readJson(call.request, execCreateSchema, {});
  if (!request.Cmd?.length) throw new EngineError("invalid", "No exec command specified");
  parseDetachKeys(request.DetachKeys ?? "", "escape");
  const size = ConsoleSize !== undefined && call.version >= 1042 ? { ConsoleSize } : {};
  return json(await call.engine.containers.createExec(call.name, { ...request, ...size }), 201);
}

async function rename(call: Call): Promise<ApiResponse> {
  await call.engine.containers.rename(call.name, call.param("name"));
  return empty(204);
}

async function update(call: Call): Promise<ApiResponse> {
  const request = await readJson(call.request, containerUpdateSchema, {});
  // Older clients send 0 for what they do not know.
  const { PidsLimit, ...rest } = request;
  const known = call.version >= 1040 || PidsLimit !== 0;
  return json(await call.engine.containers.update(call.name, known ? request : rest));
}

async function remove(call: Call): Promise<ApiResponse> {
  const options = { force: boolParam(call, "force"), volumes: boolParam(call, "v"), link: boolParam(call, "link") };
  await call.engine.containers.remove(call.name, options);
  return empty(204);
}
