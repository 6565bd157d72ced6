import { formatValue, goJson, sprintf } from "./format.ts";
import { GoNil, GoStruct, hasNamedKeys } from "./go-values.ts";
import { TemplateError } from "./lexer.ts";

export type TemplateFunction = (...args: readonly unknown[]) => unknown;

/** Go's truth: zero, empty and nil are false. */
export function isTrue(value: unknown): boolean {
  if (value instanceof GoNil) return false;
  if (value instanceof GoStruct) return true;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** Functions of Go's text/template and of Docker's formatter. `and` and `or` are evaluated lazily by the executor. */
export const templateFunctions: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ["json", (value) => goJson(value)],
  ["split", (text, separator) => string(text).split(string(separator))],
  [
    "join",
    (list, separator) => (Array.isArray(list) ? list : []).map((item) => formatValue(item)).join(string(separator)),
  ],
  [
    "title",
    (text) =>
      string(text).replace(
        /(^|[^\p{L}\p{N}_'])(\p{L})/gu,
        (_, before: string, letter: string) => before + letter.toUpperCase(),
      ),
  ],
  ["lower", (text) => string(text).toLowerCase()],
  ["upper", (text) => string(text).toUpperCase()],
  ["pad", (text, before, after) => padded(string(text), Number(before), Number(after))],
  ["truncate", (text, length) => string(text).slice(0, Number(length))],
  ["println", (...values) => `${values.map(formatValue).join(" ")}\n`],
  ["print", (...values) => printed(values)],
  ["printf", (format, ...values) => sprintf(string(format), values)],
  ["len", (value) => lengthOf(value)],
  ["index", (value, ...keys) => keys.reduce((inner, key) => indexed(inner, key), value)],
  ["slice", (value, from, to) => sliced(value, from, to)],
  ["not", (value) => !isTrue(value)],
  ["eq", (a, ...rest) => rest.some((b) => equal(a, b))],
  ["ne", (a, b) => !equal(a, b)],
  ["lt", (a, b) => compare(a, b) < 0],
  ["le", (a, b) => compare(a, b) <= 0],
  ["gt", (a, b) => compare(a, b) > 0],
  ["ge", (a, b) => compare(a, b) >= 0],
  ["html", (...values) => printed(values).replace(/[&<>"']/g, htmlEscape)],
  ["urlquery", (...values) => new URLSearchParams([["", printed(values)]]).toString().slice(1).replaceAll("*", "%2A")],
  ["js", (...values) => printed(values).replace(/[\\'"]|[<>&=\p{Cc}]/gu, escapedForJs)],
]);

function htmlEscape(sign: string): string {
  return { "&": "&amp;", "<": "&lt;", ">": "&gt;" }[sign] ?? `&#${sign.charCodeAt(0)};`;
}

const ofText = new Set(["split", "title", "lower", "upper", "pad", "truncate"]);

/** Why a literal cannot be the argument of a function of texts. Numbers follow the text. */
export function literalMismatch(name: string, value: string | number | boolean): string | undefined {
  const isText = typeof value === "string";
  if (!ofText.has(name) || isText || ((name === "pad" || name === "truncate") && typeof value === "number"))
    return undefined;
  return `expected string; found ${value}`;
}

function string(value: unknown): string {
  if (typeof value === "string") return value;
  throw new TemplateError(`wrong type for value; expected string; got ${goType(value)}`);
}

/** The name Go has for a decoded JSON value. */
export function goType(value: unknown): string {
  if (typeof value === "string") return "string";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float64";
  if (typeof value === "boolean") return "bool";
  if (Array.isArray(value)) return "[]interface {}";
  return value === null || value === undefined ? "nil" : "map[string]interface {}";
}

function padded(text: string, before: number, after: number): string {
  return text === "" ? text : " ".repeat(before) + text + " ".repeat(after);
}

/** Go's fmt.Sprint: a space between two operands when neither is a string. */
function printed(values: readonly unknown[]): string {
  return values.reduce<string>((text, value, i) => {
    const space = i > 0 && typeof value !== "string" && typeof values[i - 1] !== "string" ? " " : "";
    return text + space + formatValue(value);
  }, "");
}

function lengthOf(value: unknown): number {
  if (value instanceof GoNil && value.text !== "<nil>") return 0;
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === "object" && value !== null) return Object.keys(value).length;
  throw new TemplateError(
    `error calling len: len of ${value === null || value === undefined ? "nil pointer" : `type ${goType(value)}`}`,
  );
}

function indexed(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) {
    const index = Number(key);
    if (index < 0 || index >= value.length)
      throw new TemplateError(`error calling index: index out of range: ${index}`);
    return value[index] as unknown;
  }
  if (typeof value === "string") {
    const byte = Buffer.from(value)[Number(key)];
    if (byte === undefined) throw new TemplateError("error calling index: reflect: string index out of range");
    return byte;
  }
  if (value instanceof GoNil && value.text === "map[]") return "";
  if (value instanceof GoNil) throw new TemplateError(`error calling index: index out of range: ${String(key)}`);
  if (value instanceof GoStruct)
    throw new TemplateError(`error calling index: can't index item of type ${value.typeName}`);
  if (typeof value === "object" && value !== null && hasNamedKeys(value))
    throw new TemplateError("error calling index: value has type string; should be nat.Port");
  // Most maps that are asked by key hold text, of which Go gives the empty one for what is not there.
  if (typeof value === "object" && value !== null)
    return Object.hasOwn(value, String(key)) ? (value as Readonly<Record<string, unknown>>)[String(key)] : "";
  throw new TemplateError(
    value === null || value === undefined
      ? "error calling index: index of untyped nil"
      : `error calling index: can't index item of type ${goType(value)}`,
  );
}

function sliced(value: unknown, from: unknown, to: unknown): unknown {
  const start = from === undefined ? 0 : Number(from);
  const size = typeof value === "string" ? Buffer.byteLength(value) : Array.isArray(value) ? value.length : 0;
  for (const index of [from, to])
    if (Number(index ?? 0) > size || Number(index ?? 0) < 0)
      throw new TemplateError(`error calling slice: index out of range: ${String(index)}`);
  if (value instanceof GoNil) return value;
  if (typeof value === "string")
    return Buffer.from(value)
      .subarray(start, to === undefined ? size : Number(to))
      .toString();
  if (Array.isArray(value)) return value.slice(start, to === undefined ? undefined : Number(to));
  throw new TemplateError(`error calling slice: can't slice item of type ${goType(value)}`);
}

function equal(a: unknown, b: unknown): boolean {
  if (a === undefined || a === null || b === undefined || b === null) return (a ?? null) === (b ?? null);
  if (typeof a !== typeof b) throw new TemplateError("error calling eq: incompatible types for comparison");
  return a === b;
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  throw new TemplateError("error calling lt: incompatible types for comparison");
}

/** Go's: quotes and backslashes behind a backslash, all else as a number. */
function escapedForJs(char: string): string {
  if (/[\\'"]/.test(char)) return `\\${char}`;
  return `\\u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
