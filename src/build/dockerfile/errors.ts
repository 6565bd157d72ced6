import { EngineError } from "#core";

/** The text cannot be cut into instructions; worded as Docker's API words it. */
export function syntaxError(message: string): EngineError {
  return new EngineError("invalid", `failed to parse Dockerfile: ${message}`);
}

/** One instruction cannot be meant. `line` is the first line of the instruction, from 1. */
export function instructionError(line: number, message: string): EngineError {
  return new EngineError("invalid", `dockerfile parse error on line ${line}: ${message}`);
}
