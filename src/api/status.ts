import { EngineError, messageOf, type ErrorCode } from "#core";
import { empty, json, type ApiResponse } from "./response.ts";

/** HTTP status of every error of the engine, as Docker maps its own classes. */
const httpStatus = {
  invalid: 400,
  not_found: 404,
  conflict: 409,
  already_exists: 409,
  not_modified: 304,
  unauthenticated: 401,
  forbidden: 403,
  unavailable: 503,
  not_implemented: 501,
  canceled: 500,
  exhausted: 500,
  corrupt: 500,
  internal: 500,
} as const satisfies Record<ErrorCode, number>;

/** Docker's error body; 304 has none. What is no {@link EngineError} is 500. */
export function errorResponse(error: unknown): ApiResponse {
  const status = error instanceof EngineError ? httpStatus[error.code] : 500;
  return status === 304 ? empty(304) : json({ message: messageOf(error) }, status);
}
