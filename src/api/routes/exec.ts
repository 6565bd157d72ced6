import { readJson } from "../body.ts";
import type { Call } from "../call.ts";
import { parseDetachKeys } from "../detach.ts";
import { boolParam } from "../query.ts";
import { empty, hijack, json, type ApiResponse } from "../response.ts";
import type { Route } from "../router.ts";
import { execStartSchema } from "../schemas.ts";
import { serveSession } from "../session.ts";
import { sessionContentType } from "../stdcopy.ts";
import { sizeOf } from "../terminal-size.ts";

export const execRoutes: readonly Route[] = [
  { method: "GET", pattern: "/exec/{id}/json", handler: inspect },
  { method: "POST", pattern: "/exec/{id}/start", handler: start },
  { method: "POST", pattern: "/exec/{id}/resize", handler: resize },
];

/** With `wait`, an addition of ours, the answer comes once the process has ended: its exit code without a question of its own. */
async function inspect(call: Call): Promise<ApiResponse> {
  const { execs } = call.engine;
  if (boolParam(call, "wait")) await execs.ended(call.name);
  return json(execs.inspect(call.name));
}

async function start(call: Call): Promise<ApiResponse> {
  const request = await readJson(call.request, execStartSchema, {});
  const { execs } = call.engine;
  if (request.Detach) {
    await execs.startDetached(call.name, request);
    return empty(200);
  }
  const keys = parseDetachKeys(execs.inspect(call.name).DetachKeys);
  const session = await execs.start(call.name, request);
  const type = sessionContentType(session.tty, call.version);
  return hijack(type, (connection) => serveSession(session, connection, { detachKeys: keys, framed: true }));
}

async function resize(call: Call): Promise<ApiResponse> {
  await call.engine.execs.resize(call.name, sizeOf(call));
  return empty(200);
}
