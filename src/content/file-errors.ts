import { EngineError } from "#core";

/** A full disk or quota becomes `exhausted`; everything else is thrown as it is. */
export function translateFileError(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new EngineError("exhausted", "no space left on device", { cause: error });
  }
  return error;
}

export function isMissingFile(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
