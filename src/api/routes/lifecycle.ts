import { EngineError } from "#core";
import type { WaitCondition } from "#engine";
import type { WaitResponse } from "#spec";
import type { Call } from "../call.ts";
import { intParam } from "../query.ts";
import { headerOf } from "../request.ts";
import { empty, stream, type ApiResponse } from "../response.ts";
import type { Route } from "../router.ts";
import { sizeOf } from "../terminal-size.ts";

export const lifecycleRoutes: readonly Route[] = [
  { method: "POST", pattern: "/containers/{id}/start", handler: start },
  { method: "POST", pattern: "/containers/{id}/wait", handler: wait },
  { method: "POST", pattern: "/containers/{id}/stop", handler: stop },
  { method: "POST", pattern: "/containers/{id}/restart", handler: restart },
  { method: "POST", pattern: "/containers/{id}/kill", handler: kill },
  { method: "POST", pattern: "/containers/{id}/pause", handler: pause },
  { method: "POST", pattern: "/containers/{id}/unpause", handler: unpause },
  { method: "POST", pattern: "/containers/{id}/resize", handler: resize },
];

async function start(call: Call): Promise<ApiResponse> {
  // Docker allows up to seven bytes: `{}` and `null` of old clients.
  if (Number(headerOf(call.request.headers, "content-length") ?? "0") > 7) {
    throw new EngineError(
      "invalid",
      "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24",
    );
  }
  await call.engine.containers.start(call.name);
  return empty(204);
}

async function stop(call: Call): Promise<ApiResponse> {
  await call.engine.containers.stop(call.name, stopOptions(call));
  return empty(204);
}

async function restart(call: Call): Promise<ApiResponse> {
  await call.engine.containers.restart(call.name, stopOptions(call));
  return empty(204);
}

function stopOptions(call: Call): { readonly timeoutSeconds?: number; readonly signal?: string } {
  const timeoutSeconds = intParam(call, "t");
  const signal = call.version >= 1042 ? call.param("signal") : "";
  return { ...(timeoutSeconds !== undefined && { timeoutSeconds }), ...(signal !== "" && { signal }) };
}

async function kill(call: Call): Promise<ApiResponse> {
  await call.engine.containers.kill(call.name, call.param("signal") || "SIGKILL");
  return empty(204);
}

async function pause(call: Call): Promise<ApiResponse> {
  await call.engine.containers.pause(call.name);
  return empty(204);
}

async function unpause(call: Call): Promise<ApiResponse> {
  await call.engine.containers.unpause(call.name);
  return empty(204);
}

async function resize(call: Call): Promise<ApiResponse> {
  await call.engine.containers.resize(call.name, sizeOf(call));
  return empty(200);
}

const waitConditions: readonly string[] = ["not-running", "next-exit", "removed"] satisfies WaitCondition[];

/** The headers go out before the container ends: clients start it only when they have them. */
function wait(call: Call): ApiResponse {
  const condition = call.version >= 1030 ? call.param("condition") || "not-running" : "not-running";
  if (!isWaitCondition(condition)) throw new EngineError("invalid", `invalid condition: ${JSON.stringify(condition)}`);
  const { result } = call.engine.containers.wait(call.name, condition, call.request.signal);
  return stream("application/json", waitBody(result));
}

function isWaitCondition(value: string): value is WaitCondition {
  return waitConditions.includes(value);
}

async function* waitBody(result: Promise<WaitResponse>): AsyncGenerator<string> {
  const { StatusCode, Error: failure } = await result;
  yield `${JSON.stringify({ StatusCode, ...(failure && { Error: failure }) })}\n`;
}
