import { EngineError, parseTime } from "#core";
import type { EventMessage } from "#spec";
import type { Call } from "../call.ts";
import { filterKeys, parseFilters } from "../filters.ts";
import { headerOf } from "../request.ts";
import { stream, type ApiResponse } from "../response.ts";
import type { Route } from "../router.ts";
import { shapeEvent } from "../shape.ts";

export const eventRoutes: readonly Route[] = [{ method: "GET", pattern: "/events", handler: events }];

function events(call: Call): ApiResponse {
  const now = call.clock.nowNs();
  const since = parseTime(call.param("since"), now);
  const until = parseTime(call.param("until"), now);
  if (since !== undefined && until !== undefined && since > until) {
    const [from, to] = [since, until].map((ns) => ns / 1_000_000_000n);
    throw new EngineError("invalid", `\`since\` time (${from}) cannot be after \`until\` time (${to})`);
  }
  const filters = parseFilters(call, filterKeys.events);
  const options = { filters, ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
  const type = contentType(call);
  return stream(type, eventLines(call.engine.system.events(options, call.request.signal), type === jsonSequence));
}

/** RFC 7464: each text begins with a record separator. */
const jsonSequence = "application/json-seq";
const streamTypes = ["application/jsonl", "application/x-ndjson", jsonSequence];

/** What `Accept` names first; without that plain JSON, and since 1.52 JSON lines. */
function contentType({ request, version }: Call): string {
  const accepted = (headerOf(request.headers, "accept") ?? "").split(",");
  const wanted = accepted.map((part) => part.split(";", 1)[0]?.trim().toLowerCase() ?? "");
  return (
    wanted.find((type) => streamTypes.includes(type)) ?? (version >= 1052 ? "application/jsonl" : "application/json")
  );
}

async function* eventLines(messages: AsyncIterable<EventMessage>, separated: boolean): AsyncGenerator<string> {
  const mark = separated ? "\x1e" : "";
  for await (const message of messages) yield `${mark}${JSON.stringify(shapeEvent(message))}\n`;
}
