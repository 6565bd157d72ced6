import { parseDuration } from "#core";
import { parseBinarySize } from "#term";

/** One flag of a command: how its text becomes a value, and how help shows it. */
export interface FlagSpec<T> {
  readonly initial: T;
  readonly help: string;
  readonly short?: string;
  /** What help calls the value; empty for a switch. */
  readonly valueName: string;
  /** Shown as `(default …)`. */
  readonly defaultText?: string;
  readonly hidden?: boolean;
  /** A switch: stands alone, or takes `=true` and `=false`. */
  readonly isSwitch?: boolean;
  /** @throws Error with the reason */
  parse(text: string, before: T): T;
}

export type FlagSet = Readonly<Record<string, FlagSpec<unknown>>>;
export type FlagValues<F> = { readonly [K in keyof F]: F[K] extends FlagSpec<infer T> ? T : never };

interface FlagOptions<T> {
  readonly short?: string;
  readonly initial?: T;
  readonly valueName?: string;
  readonly hidden?: boolean;
  readonly defaultText?: string;
}

const trueTexts = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const falseTexts = new Set(["0", "f", "F", "false", "FALSE", "False"]);

export function bool(help: string, { initial = false, ...rest }: FlagOptions<boolean> = {}): FlagSpec<boolean> {
  return {
    ...rest,
    help,
    initial,
    valueName: "",
    isSwitch: true,
    ...(initial ? { defaultText: "true" } : {}),
    parse(text) {
      if (trueTexts.has(text)) return true;
      if (falseTexts.has(text)) return false;
      throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
    },
  };
}

export function string(
  help: string,
  { initial = "", valueName = "string", ...rest }: FlagOptions<string> = {},
): FlagSpec<string> {
  const defaultText = initial === "" ? {} : { defaultText: JSON.stringify(initial) };
  return { ...defaultText, ...rest, help, initial, valueName, parse: (text) => text };
}

export function list(
  help: string,
  { initial = [], valueName = "list", ...rest }: FlagOptions<readonly string[]> = {},
): FlagSpec<readonly string[]> {
  return { ...rest, help, initial, valueName, parse: (text, before) => [...before, text] };
}

/** A list whose items are checked as they are read. */
export function checkedList(
  help: string,
  check: (text: string) => string,
  options: FlagOptions<readonly string[]> = {},
): FlagSpec<readonly string[]> {
  return { ...list(help, options), parse: (text, before) => [...before, check(text)] };
}

/** A whole number; absent without the flag. */
export function int(
  help: string,
  { initial, valueName = "int", ...rest }: FlagOptions<number> = {},
): FlagSpec<number | undefined> {
  const defaultText = initial === undefined ? {} : { defaultText: String(initial) };
  return {
    ...defaultText,
    ...rest,
    help,
    initial,
    valueName,
    parse(text) {
      if (!/^[+-]?\d+$/.test(text))
        throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
      return Number(text);
    },
  };
}

/** A whole number of 16 bits; absent without the flag. */
export function uint16(help: string): FlagSpec<number | undefined> {
  return {
    help,
    initial: undefined,
    valueName: "uint16",
    parse(text) {
      const wrong = (reason: string): Error =>
        new Error(`strconv.ParseUint: parsing ${JSON.stringify(text)}: ${reason}`);
      if (!/^\d+$/.test(text)) throw wrong("invalid syntax");
      if (Number(text) > 65535) throw wrong("value out of range");
      return Number(text);
    },
  };
}

/** Bytes: `512m`, `1g`; with `unlimited`, -1 too. */
export function bytes(
  help: string,
  { valueName = "bytes", unlimited = false, ...rest }: FlagOptions<number> & { readonly unlimited?: boolean } = {},
): FlagSpec<number | undefined> {
  return {
    ...rest,
    help,
    initial: undefined,
    valueName,
    parse: (text) => (unlimited && text === "-1" ? -1 : parseBinarySize(text)),
  };
}

/** Nanoseconds of a Go duration. */
export function duration(
  help: string,
  { valueName = "duration", ...rest }: FlagOptions<number> = {},
): FlagSpec<number | undefined> {
  return { ...rest, help, initial: undefined, valueName, parse: (text) => parseDuration(text) };
}

export type FilterValues = Readonly<Record<string, readonly string[]>>;

/** `--filter key=value`, by key. */
export function filter(help = "Show only what matches (key=value)"): FlagSpec<FilterValues> {
  return {
    help,
    short: "f",
    initial: {},
    valueName: "filter",
    parse(text, before) {
      const at = text.indexOf("=");
      if (text === "") return before;
      if (at < 0) throw new Error("bad format of filter (expected name=value)");
      const key = text.slice(0, at).trim().toLowerCase();
      const value = text.slice(at + 1).trim();
      const known = before[key] ?? [];
      return { ...before, [key]: known.includes(value) ? known : [...known, value] };
    },
  };
}

/** `--format` of commands that list. */
export const format = (): FlagSpec<string> => string("Output as 'table', 'table TEMPLATE', 'json' or a Go TEMPLATE");
/** `-f`/`--format` of commands that inspect. */
export const inspectFormat = (): FlagSpec<string> => string("Output as 'json' or a Go TEMPLATE", { short: "f" });
export const quiet = (help = "Show only IDs"): FlagSpec<boolean> => bool(help, { short: "q" });
export const noTrunc = (): FlagSpec<boolean> => bool("Do not shorten columns");
export const force = (help = "Do not ask for confirmation"): FlagSpec<boolean> => bool(help, { short: "f" });
export const detachKeys = (): FlagSpec<string> => string("Keys that detach from the container");
export const platform = (help = "Platform to use (os/arch[/variant])"): FlagSpec<string> => string(help);
