import { EngineError } from "#core";
import type { Filters } from "#engine";
import type { Call } from "./call.ts";

/** The keys each endpoint knows. */
export const filterKeys = {
  containers: [
    "ancestor",
    "before",
    "exited",
    "expose",
    "health",
    "id",
    "is-task",
    "isolation",
    "label",
    "name",
    "network",
    "publish",
    "since",
    "status",
    "volume",
  ],
  containersPrune: ["label", "label!", "until"],
  images: ["before", "dangling", "label", "label!", "reference", "since", "until"],
  imagesPrune: ["dangling", "label", "label!", "until"],
  networks: ["dangling", "driver", "id", "label", "name", "scope", "type"],
  networksPrune: ["label", "label!", "until"],
  volumes: ["dangling", "driver", "label", "name"],
  volumesPrune: ["all", "label", "label!"],
  events: [
    "config",
    "container",
    "daemon",
    "event",
    "image",
    "label",
    "network",
    "node",
    "plugin",
    "scope",
    "secret",
    "service",
    "type",
    "volume",
  ],
} as const;

const noFilters: Filters = new Map();

/**
 * The `filters` parameter in either encoding, `{"key":{"value":true}}` or `{"key":["value"]}`.
 * @throws EngineError `invalid` for other JSON and for a key the endpoint does not know
 */
export function parseFilters(call: Call, known: readonly string[]): Filters {
  const text = call.param("filters");
  if (text === "" || text === "{}") return noFilters;
  const filters = new Map<string, readonly string[]>();
  for (const [key, value] of Object.entries(parseObject(text))) {
    const values = Array.isArray(value) ? value : Object.keys(asObject(value));
    if (!values.every((item) => typeof item === "string")) throw new EngineError("invalid", "invalid filter");
    if (!known.includes(key)) throw new EngineError("invalid", `invalid filter '${key}'`);
    if (values.length > 0) filters.set(key, values);
  }
  return filters;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new EngineError("invalid", "invalid filter", { cause });
  }
  return asObject(value);
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new EngineError("invalid", "invalid filter");
}
