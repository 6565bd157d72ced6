import type { FlagSpec } from "../framework/flags.ts";

export type GpuRequest = Readonly<Record<string, unknown>>;

/** `--gpus all`, a number, or fields such as `"device=0,1",capabilities=utility`. */
export function gpus(help: string): FlagSpec<readonly GpuRequest[]> {
  return {
    help,
    initial: [],
    valueName: "gpu-request",
    parse: (text, before) => [...before, parseGpus(text)],
  };
}

interface Draft {
  driver?: string;
  count?: number;
  devices?: readonly string[];
  capabilities?: readonly string[];
  options?: Readonly<Record<string, string>>;
}

/** @throws Error with Docker's text */
export function parseGpus(text: string): GpuRequest {
  if (text === "") throw new Error("EOF");
  const draft: Draft = {};
  const seen = new Set<string>();
  for (const field of csvFields(text)) {
    const at = field.indexOf("=");
    const key = at < 0 ? field : field.slice(0, at);
    if (seen.has(key)) throw new Error(`gpu request key '${key}' can be specified only once`);
    seen.add(key);
    if (at < 0) draft.count = countOf(field);
    else setField(draft, key, field.slice(at + 1));
  }
  const { driver, devices, options, count = devices ? 0 : 1, capabilities = [] } = draft;
  return {
    ...(driver === undefined ? {} : { Driver: driver }),
    Count: count,
    ...(devices ? { DeviceIDs: devices } : {}),
    Capabilities: [capabilities.includes("gpu") ? capabilities : [...capabilities, "gpu"]],
    ...(options ? { Options: options } : {}),
  };
}

function setField(draft: Draft, key: string, value: string): void {
  if (key === "driver") draft.driver = value;
  else if (key === "count") draft.count = countOf(value);
  else if (key === "device") draft.devices = value.split(",");
  else if (key === "capabilities") draft.capabilities = value.split(",");
  else if (key === "options") draft.options = Object.fromEntries(value.split(",").map(option));
  else throw new Error(`unexpected key '${key}' in '${key}=${value}'`);
}

function option(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function countOf(text: string): number {
  if (text === "all") return -1;
  if (!/^[+-]?\d+$/.test(text))
    throw new Error(`invalid count (${text}): value must be either "all" or an integer: invalid syntax`);
  return Number(text);
}

/** A field that holds commas is in double quotes. */
function csvFields(text: string): readonly string[] {
  return (text.match(/"[^"]*"|[^,]+/g) ?? []).map((field) => field.replace(/^"(.*)"$/s, "$1"));
}
