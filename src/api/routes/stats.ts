import { EngineError } from "#core";
import { encodeCounters, type StatsResponse } from "#spec";
import type { Call } from "../call.ts";
import { boolParam } from "../query.ts";
import { stream, type ApiResponse } from "../response.ts";
import type { Route } from "../router.ts";

export const statsRoutes: readonly Route[] = [{ method: "GET", pattern: "/containers/{id}/stats", handler: stats }];

function stats(call: Call): ApiResponse {
  const follow = boolParam(call, "stream", true);
  const oneShot = call.version >= 1041 && boolParam(call, "one-shot");
  if (follow && oneShot) throw new EngineError("invalid", "cannot have stream=true and one-shot=true");
  const { containers } = call.engine;
  if (follow) return stream("application/json", lines(containers.followStats(call.name, call.request.signal)));
  const text = `${encodeCounters(containers.stats(call.name, { oneShot }))}\n`;
  return { kind: "text", status: 200, text, headers: { "Content-Type": "application/json" } };
}

async function* lines(documents: AsyncIterable<StatsResponse>): AsyncGenerator<string> {
  for await (const document of documents) yield `${encodeCounters(document)}\n`;
}
