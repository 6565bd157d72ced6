/**
 * api: the Docker Engine API as a function from request to response. It parses, calls one use case of the engine and
 * encodes; sockets, and what an answer becomes on them, belong to `boot`.
 *
 * ```ts
 * const api = createApi({ engine, version: "0.1.0", logger, clock: systemClock });
 * const response = await api.handle({ method: "GET", target: "/v1.43/containers/json", headers: {}, body: bodyOf(), signal });
 * ```
 */
export { createApi, type Api, type ApiOptions } from "./api.ts";
export { createDetachFilter, parseDetachKeys, type DetachFilter } from "./detach.ts";
export { bodyOf, headerOf, type ApiRequest, type RequestBody, type RequestHeaders } from "./request.ts";
export type {
  ApiResponse,
  EmptyResponse,
  HijackedConnection,
  HijackResponse,
  JsonResponse,
  ResponseHeaders,
  StreamResponse,
  TextResponse,
} from "./response.ts";
