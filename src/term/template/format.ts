import { GoNil, GoStruct, JsonText } from "./go-values.ts";

/** A value as Go's `%v` prints it: maps sorted by key, lists in brackets, nil as `<no value>` at the top. */
export function formatValue(value: unknown): string {
  if (value === null || value === undefined) return "<no value>";
  return formatInner(value);
}

function formatInner(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "string") return value;
  if (typeof value === "number") return formatNumber(value);
  if (value instanceof GoNil) return value.text;
  if (value instanceof GoStruct) return `{${value.values().map(formatInner).join(" ")}}`;
  if (Array.isArray(value)) return `[${value.map(formatInner).join(" ")}]`;
  if (typeof value === "object") {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[${entries.map(([key, item]) => `${key}:${formatInner(item)}`).join(" ")}]`;
  }
  return typeof value === "boolean" || typeof value === "bigint" ? String(value) : "";
}

/** Go's `%v` of a number: shortest digits, an exponent from 1e+21 on (integers stay whole below it). */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return String(value);
  return String(value).replace(/e([+-]?)(\d)$/, (_, sign: string, digit: string) => `e${sign || "+"}0${digit}`);
}

/** Go's fmt.Sprintf for the verbs that templates use. */
export function sprintf(format: string, values: readonly unknown[]): string {
  let next = 0;
  const text = format.replace(/%([-+# 0]*)(\d+|\*)?(?:\.(\d+))?([a-zA-Z%])/g, (...match: readonly string[]) => {
    const [, flags = "", width, precision, verb = ""] = match as readonly (string | undefined)[];
    if (verb === "%") return "%";
    const wide = width === "*" ? String(values[next++]) : width;
    if (next >= values.length) return `%!${verb}(MISSING)`;
    return pad(formatVerb(verb, values[next++], precision, flags), flags, Number(wide ?? 0));
  });
  const extra = values.slice(next).map((value) => `${typeName(value)}=${formatInner(value)}`);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(", ")})`;
}

function typeName(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float64";
  if (typeof value === "boolean") return "bool";
  return typeof value === "string" ? "string" : "interface {}";
}

function formatVerb(verb: string, value: unknown, precision: string | undefined, flags: string): string {
  const digits = precision === undefined ? undefined : Number(precision);
  switch (verb) {
    case "s":
      return formatInner(value).slice(0, digits);
    case "v":
      return formatInner(value);
    case "q":
      return JSON.stringify(formatInner(value));
    case "d":
      return (flags.includes("+") && Number(value) >= 0 ? "+" : "") + formatNumber(Math.trunc(Number(value)));
    case "f":
    case "F":
      return fixed(Number(value), digits ?? 6);
    case "g":
      return digits === undefined
        ? formatNumber(Number(value))
        : formatNumber(Number(Number(value).toPrecision(Math.max(digits, 1))));
    case "x":
    case "X": {
      const hex = typeof value === "number" ? value.toString(16) : Buffer.from(formatInner(value)).toString("hex");
      return verb === "X" ? hex.toUpperCase() : hex;
    }
    case "o":
      return Number(value).toString(8);
    case "b":
      return Number(value).toString(2);
    case "c":
      return String.fromCodePoint(Number(value));
    case "t":
      return String(Boolean(value));
    case "T":
      return typeName(value);
    default:
      return `%!${verb}(${typeName(value)}=${formatInner(value)})`;
  }
}

/** As toFixed, but what lies in the middle of two goes to the even one. */
function fixed(value: number, digits: number): string {
  const scaled = Math.abs(value) * 10 ** digits;
  const isMiddle = digits < 15 && scaled % 1 === 0.5 && Math.floor(scaled) % 2 === 0;
  return isMiddle ? ((Math.sign(value) * Math.floor(scaled)) / 10 ** digits).toFixed(digits) : value.toFixed(digits);
}

function pad(text: string, flags: string, width: number): string {
  const missing = width - Array.from(text).length;
  if (missing <= 0) return text;
  if (flags.includes("-")) return text + " ".repeat(missing);
  if (!flags.includes("0")) return " ".repeat(missing) + text;
  return /^[+-]/.test(text) ? text[0] + "0".repeat(missing) + text.slice(1) : "0".repeat(missing) + text;
}

/** JSON as Docker's template function writes it: without HTML escapes. */
export function goJson(value: unknown): string {
  return value instanceof JsonText ? value.text : (JSON.stringify(value) ?? "null");
}

/** As Go's encoder writes by default, for JSON to be safe within HTML. */
export function goEscapes(json: string): string {
  return json.replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
}
