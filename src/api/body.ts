import * as v from "valibot";
import { EngineError, messageOf } from "#core";
import { headerOf, type ApiRequest } from "./request.ts";

const limitBytes = 16 << 20;
const decoder = new TextDecoder("utf-8");

type ObjectSchema = v.LooseObjectSchema<v.ObjectEntries, undefined>;

/**
 * The JSON body of a request, by Docker's rules: the content type must be JSON unless the body is empty, names match
 * in any case, null is absence, unknown fields pass.
 * @param emptyMeans value of an empty body; without it an empty body is refused
 * @throws EngineError `invalid`
 */
export async function readJson<const S extends ObjectSchema>(
  request: ApiRequest,
  schema: S,
  emptyMeans?: v.InferOutput<S>,
): Promise<v.InferOutput<S>> {
  const bytes = request.body.present ? await request.body.read(limitBytes) : new Uint8Array();
  if (bytes.length > 0) checkContentType(headerOf(request.headers, "content-type"));
  const source = decoder.decode(bytes).trim();
  if (source === "") {
    if (emptyMeans !== undefined) return emptyMeans;
    throw new EngineError("invalid", "invalid JSON: got EOF while reading request body");
  }
  const value = parse(source) ?? {};
  if (Array.isArray(value)) throw new EngineError("invalid", "invalid JSON: body: a list, not an object");
  const result = v.safeParse(schema, canonical(value, schema));
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new EngineError("invalid", `invalid JSON: ${v.getDotPath(issue) ?? "body"}: ${issue.message}`);
}

function checkContentType(type = ""): void {
  if (type.split(";", 1)[0]?.trim().toLowerCase() === "application/json") return;
  if (type === "") throw new EngineError("invalid", "malformed Content-Type header (): mime: no media type");
  throw new EngineError("invalid", `unsupported Content-Type header (${type}): must be 'application/json'`);
}

function parse(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch (cause) {
    throw new EngineError("invalid", `invalid JSON: ${messageOf(cause)}`, { cause });
  }
}

/** Renames fields to the schema's spelling where only the case differs, and drops those that are null. */
function canonical(value: unknown, schema: v.GenericSchema): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("wrapped" in schema) return canonical(value, schema.wrapped as v.GenericSchema);
  if (Array.isArray(value)) {
    const item = "item" in schema ? (schema.item as v.GenericSchema) : undefined;
    return item ? value.map((element) => canonical(element, item)) : value;
  }
  if ("entries" in schema) return canonicalObject(value, schema.entries as Readonly<Record<string, v.GenericSchema>>);
  if (!("value" in schema)) return value;
  const inner = schema.value as v.GenericSchema;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, canonical(item, inner)]));
}

function canonicalObject(value: object, entries: Readonly<Record<string, v.GenericSchema>>): unknown {
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === null) continue;
    const name = Object.hasOwn(entries, key) ? key : (spelling(entries, key) ?? key);
    const inner = entries[name];
    result[name] = inner ? canonical(item, inner) : item;
  }
  return result;
}

function spelling(entries: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const lower = key.toLowerCase();
  return Object.keys(entries).find((name) => name.toLowerCase() === lower);
}
