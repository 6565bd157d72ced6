import { EngineError } from "#core";
import type { Call } from "./call.ts";

/** `h` and `w` of a resize; both are needed. @throws EngineError `invalid` with Docker's text */
export function sizeOf(call: Call): { readonly height: number; readonly width: number } {
  return { height: cells(call, "h", "height"), width: cells(call, "w", "width") };
}

function cells(call: Call, key: string, name: string): number {
  const text = call.param(key);
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw new EngineError("invalid", `invalid resize ${name} ${JSON.stringify(text)}: invalid syntax`);
}
