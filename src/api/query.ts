import { EngineError } from "#core";
import type { Call } from "./call.ts";

const falseTexts = new Set(["", "0", "no", "false", "none"]);

/** Docker's booleans: a few words mean false, everything else true; an absent key means `absent`. */
export function boolParam(call: Call, key: string, absent = false): boolean {
  const value = call.query.get(key);
  return value === null ? absent : !falseTexts.has(value.trim().toLowerCase());
}

/** @throws EngineError `invalid` unless empty (undefined) or a decimal integer */
export function intParam(call: Call, key: string): number | undefined {
  const value = call.param(key);
  if (value === "") return undefined;
  if (!/^[+-]?\d{1,15}$/.test(value))
    throw new EngineError("invalid", `invalid ${key} ${JSON.stringify(value)}: not an integer`);
  return Number(value);
}

/** @throws EngineError `invalid` unless empty (undefined) or JSON */
export function jsonParam(call: Call, key: string): unknown {
  const value = call.param(key);
  if (value === "") return undefined;
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new EngineError("invalid", `invalid ${key} ${JSON.stringify(value.slice(0, 200))}: not JSON`, { cause });
  }
}
