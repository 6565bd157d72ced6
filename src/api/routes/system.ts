import { EngineError } from "#core";
import type { Call } from "../call.ts";
import { empty, json, text, type ApiResponse } from "../response.ts";
import type { Route } from "../router.ts";

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
  { method: "GET", pattern: "/info", handler: async ({ engine }) => json(await engine.system.info()) },
  { method: "GET", pattern: "/system/df", handler: diskUsage },
  { method: "GET", pattern: "/plugins", handler: () => json([]) },
  { method: "GET", pattern: "/plugins/{name*}/json", handler: missingPlugin },
];

/** `type` (since 1.42) and the lists of the answer it keeps. */
const usageLists: Readonly<Record<string, readonly string[]>> = {
  container: ["Containers"],
  image: ["LayersSize", "Images"],
  volume: ["Volumes"],
  "build-cache": ["BuildCache", "BuilderSize"],
};

async function diskUsage(call: Call): Promise<ApiResponse> {
  const types = call.version >= 1042 ? call.query.getAll("type") : [];
  const kept = new Set(types.flatMap(usageListsOf));
  const usage = await call.engine.system.diskUsage();
  if (types.length === 0) return json(usage);
  return json(Object.fromEntries(Object.entries(usage).filter(([key]) => kept.has(key))));
}

function usageListsOf(type: string): readonly string[] {
  const lists = usageLists[type];
  if (!lists) throw new EngineError("invalid", `unknown object type: ${type}`);
  return lists;
}

function missingPlugin(call: Call): never {
  throw new EngineError("not_found", `plugin "${call.name}" not found`);
}
