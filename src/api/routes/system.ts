import { EngineError } from "#core";
import type { DiskUsageType } from "#engine";
import type { Call } from "../call.ts";
import { empty, json, text, type ApiResponse } from "../response.ts";
import type { Route } from "../router.ts";
import { shapeInfo } from "../shape.ts";

const pingHeaders = {
  "Content-Type": "text/plain; charset=utf-8",
  "Builder-Version": "1",
  "Cache-Control": "no-cache, no-store, must-revalidate",
  Pragma: "no-cache",
  Swarm: "inactive",
};
const pong: ApiResponse = { ...text("OK"), headers: pingHeaders };
const silentPong: ApiResponse = { ...empty(200), headers: pingHeaders };

export const systemRoutes: readonly Route[] = [
  { method: "GET", pattern: "/_ping", handler: () => pong },
  { method: "HEAD", pattern: "/_ping", handler: () => silentPong },
  { method: "GET", pattern: "/version", handler: ({ engine }) => json(engine.system.version()) },
  { method: "GET", pattern: "/info", handler: info },
  { method: "GET", pattern: "/system/df", handler: diskUsage },
  { method: "GET", pattern: "/plugins", handler: () => json([]) },
  { method: "GET", pattern: "/plugins/{name*}/json", handler: missingPlugin },
];

async function info({ engine, version }: Call): Promise<ApiResponse> {
  return json(shapeInfo(await engine.system.info(), version));
}

const usageTypes: readonly DiskUsageType[] = ["container", "image", "volume", "build-cache"];

/** `type` is known since 1.42. What is not asked for is not measured. */
async function diskUsage(call: Call): Promise<ApiResponse> {
  const wanted = call.version >= 1042 ? call.query.getAll("type") : [];
  const types = wanted.length === 0 ? usageTypes : wanted.map(usageType);
  return json(await call.engine.system.diskUsage(new Set(types)));
}

function usageType(name: string): DiskUsageType {
  const type = usageTypes.find((known) => known === name);
  if (!type) throw new EngineError("invalid", `unknown object type: ${name}`);
  return type;
}

function missingPlugin(call: Call): never {
  throw new EngineError("not_found", `plugin "${call.name}" not found`);
}
