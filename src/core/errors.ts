/**
 * The engine's error vocabulary. Code close to the cause throws an {@link EngineError};
 * each protocol maps codes to its own answers in one table (`api/status.ts`, `cli/exit.ts`).
 */
const errorCodes = [
  "invalid", // the request cannot be meant: bad flag, bad name, hostile archive
  "not_found",
  "conflict", // the state forbids it now: running, in use, name taken
  "already_exists",
  "not_modified", // already in the asked state
  "unauthenticated",
  "forbidden",
  "unavailable", // a dependency is missing or down: no crun, registry not reachable
  "not_implemented",
  "canceled",
  "exhausted", // disk, memory, addresses or limits ran out
  "corrupt", // bytes do not match their digest, or state on disk is damaged
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: ErrorCode;

  /** @param message lower or sentence case as Docker words it, no final full stop, with the offending value. */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** True for an {@link EngineError}, of the given code where one is named. */
export function isEngineError(error: unknown, code?: ErrorCode): error is EngineError {
  return error instanceof EngineError && (code === undefined || error.code === code);
}

/** Runs `step`; an {@link EngineError} of it gets Docker's words for what failed in front, and keeps its code. */
export function blaming<T>(words: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!isEngineError(error)) throw error;
    throw new EngineError(error.code, `${words}: ${error.message}`, { cause: error });
  }
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  // A failure whose undoing failed too: the language gives this error no text of its own.
  if (error instanceof SuppressedError)
    return `${messageOf(error.suppressed)} (and undoing it: ${messageOf(error.error)})`;
  return error instanceof Error ? error.message : String(error);
}
