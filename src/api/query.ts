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

/** `repo` and `tag`; clients may also write the tag into `repo`, and then `tag` wins. */
export function repositoryParam(call: Call): { readonly repository: string; readonly tag: string } {
  const text = call.param("repo");
  const colon = text.lastIndexOf(":");
  if (colon <= text.lastIndexOf("/") || text.includes("@")) return { repository: text, tag: call.param("tag") };
  return { repository: text.slice(0, colon), tag: call.param("tag") || text.slice(colon + 1) };
}
