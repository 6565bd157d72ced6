import { EngineError, parseTime } from "#core";
import type { LogOptions } from "#engine";
import type { Call } from "../call.ts";
import { parseDetachKeys } from "../detach.ts";
import { boolParam } from "../query.ts";
import { hijack, stream, type ApiResponse } from "../response.ts";
import type { Route } from "../router.ts";
import { serveSession } from "../session.ts";
import { encodeFrames, sessionContentType } from "../stdcopy.ts";

export const streamRoutes: readonly Route[] = [
  { method: "GET", pattern: "/containers/{id}/logs", handler: logs },
  { method: "POST", pattern: "/containers/{id}/attach", handler: attach },
];

function logs(call: Call): ApiResponse {
  const { tty, frames } = call.engine.containers.logs(call.name, logOptions(call), call.request.signal);
  return stream(sessionContentType(tty, call.version), encodeFrames(tty, frames));
}

function logOptions(call: Call): LogOptions {
  const stdout = boolParam(call, "stdout");
  const stderr = boolParam(call, "stderr");
  if (!stdout && !stderr) throw new EngineError("invalid", "Bad parameters: you must choose at least one stream");
  const now = call.clock.nowNs();
  const since = parseTime(call.param("since"), now);
  const until = parseTime(call.param("until"), now);
  const tail = tailOf(call.param("tail"));
  return {
    stdout,
    stderr,
    follow: boolParam(call, "follow"),
    timestamps: boolParam(call, "timestamps"),
    details: boolParam(call, "details"),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(tail !== undefined && { tail }),
  };
}

/** `all`, what is no number, and a negative number mean all lines. */
function tailOf(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

async function attach(call: Call): Promise<ApiResponse> {
  const detachKeys = call.param("detachKeys");
  const keys = parseDetachKeys(detachKeys);
  const session = await call.engine.containers.attach(call.name, {
    stdin: boolParam(call, "stdin"),
    stdout: boolParam(call, "stdout"),
    stderr: boolParam(call, "stderr"),
    logs: boolParam(call, "logs"),
    stream: boolParam(call, "stream"),
    detachKeys,
  });
  const type = sessionContentType(session.tty, call.version);
  return hijack(type, (connection) => serveSession(session, connection, { detachKeys: keys, framed: true }));
}
