import { isEngineError, messageOf, type Clock, type Logger } from "#core";
import type { Engine } from "#engine";
import { apiVersion } from "#spec";
import { Call } from "./call.ts";
import type { ApiRequest } from "./request.ts";
import { empty, json, type ApiResponse, type ResponseHeaders } from "./response.ts";
import { createRouter } from "./router.ts";
import { routes } from "./routes/all.ts";
import { errorResponse } from "./status.ts";
import { splitVersion } from "./version.ts";

export interface ApiOptions {
  readonly engine: Engine;
  /** The engine's own version, shown in `Server`. */
  readonly version: string;
  readonly logger: Logger;
  readonly clock: Clock;
}

export interface Api {
  /**
   * Answers one request and never throws. The answer is a promise only where the engine has to be waited for.
   * Whoever receives a `hijack` must call its `serve`, and whoever receives a `stream` must iterate it: both may hold
   * resources.
   */
  handle(request: ApiRequest): ApiResponse | Promise<ApiResponse>;
}

/** The Docker Engine API of an engine, as a function from request to response. */
export function createApi({ engine, version, logger, clock }: ApiOptions): Api {
  const router = createRouter(routes);
  const host = { engine, clock };
  const common: ResponseHeaders = {
    "Api-Version": apiVersion,
    "Docker-Experimental": "false",
    Ostype: "linux",
    Server: `Docker/${version} (linux)`,
  };
  const finish = (response: ApiResponse): ApiResponse => ({ ...response, headers: { ...common, ...response.headers } });

  const fail = (request: ApiRequest, error: unknown): ApiResponse => {
    const level = isEngineError(error) && error.code !== "internal" ? "debug" : "error";
    logger.log(level, messageOf(error), { method: request.method, target: request.target });
    return finish(errorResponse(error));
  };

  const route = (request: ApiRequest): ApiResponse | Promise<ApiResponse> => {
    const { target, method } = request;
    const mark = target.indexOf("?");
    const split = splitVersion(mark < 0 ? target : target.slice(0, mark));
    const match = router.find(method, split.path);
    if (!match) return method === "OPTIONS" ? empty(200) : json({ message: "page not found" }, 404);
    const query = mark < 0 ? "" : target.slice(mark + 1);
    return match.handler(new Call(host, request, { version: split.version, params: match.params, query }));
  };

  return {
    handle(request) {
      try {
        const response = route(request);
        if (!(response instanceof Promise)) return finish(response);
        return response.then(finish, (error: unknown) => fail(request, error));
      } catch (error) {
        return fail(request, error);
      }
    },
  };
}
