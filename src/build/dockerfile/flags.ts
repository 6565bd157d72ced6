import { instructionError } from "./errors.ts";
import { closest } from "./suggest.ts";

/** `many`: may be repeated. `bool`: needs no value. */
export type FlagKind = "text" | "many" | "bool";

export interface FlagValues {
  text(name: string): string | undefined;
  many(name: string): readonly string[];
  bool(name: string): boolean | undefined;
}

/** Reads `--name[=value]` words against the flags an instruction knows. @throws EngineError `invalid` */
export function parseFlags(
  words: readonly string[],
  known: Readonly<Record<string, FlagKind>>,
  line: number,
): FlagValues {
  const values = new Map<string, string[]>();
  for (const word of words) {
    const at = word.indexOf("=");
    const name = word.slice(2, at < 0 ? undefined : at);
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) throw instructionError(line, `unknown flag: --${name}${closest(name, Object.keys(known))}`);
    const before = values.get(name);
    if (before && kind !== "many") throw instructionError(line, `duplicate flag specified: --${name}`);
    const value = flagValue(kind, name, at < 0 ? undefined : word.slice(at + 1), line);
    values.set(name, [...(before ?? []), value]);
  }
  return {
    text: (name) => values.get(name)?.[0],
    many: (name) => values.get(name) ?? [],
    bool: (name) => (values.has(name) ? values.get(name)?.[0] === "true" : undefined),
  };
}

function flagValue(kind: FlagKind, name: string, value: string | undefined, line: number): string {
  if (kind !== "bool") {
    if (value === undefined) throw instructionError(line, `missing a value on flag: --${name}`);
    return value;
  }
  if (value === "") throw instructionError(line, `missing a value on flag: --${name}`);
  const lower = (value ?? "true").toLowerCase();
  if (lower === "true" || lower === "false") return lower;
  throw instructionError(line, `expecting boolean value for flag --${name}, not: ${value}`);
}
