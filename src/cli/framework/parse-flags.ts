import type { FlagSet, FlagSpec } from "./flags.ts";

/** Flags that cannot be meant; the message is that of Docker's flag parser. */
export class FlagError extends Error {
  override readonly name = "FlagError";
}

export interface ParsedFlags {
  readonly values: Readonly<Record<string, unknown>>;
  /** Names that were given. */
  readonly changed: ReadonlySet<string>;
  readonly args: readonly string[];
  readonly help: boolean;
}

export interface ParseOptions {
  /** False: flags end at the first argument that is none (`run IMAGE -x`). Default true. */
  readonly interspersed?: boolean;
}

/** Splits arguments into flags and the rest, as Docker's parser (pflag) does. @throws FlagError */
export function parseFlags(
  argv: readonly string[],
  flags: FlagSet,
  { interspersed = true }: ParseOptions = {},
): ParsedFlags {
  return new FlagParser(argv, flags).parse(interspersed);
}

class FlagParser {
  readonly #values: Record<string, unknown> = {};
  readonly #changed = new Set<string>();
  readonly #args: string[] = [];
  readonly #rest: string[];
  readonly #flags: FlagSet;
  #help = false;

  constructor(argv: readonly string[], flags: FlagSet) {
    this.#rest = [...argv];
    this.#flags = flags;
    for (const [name, spec] of Object.entries(flags)) this.#values[name] = spec.initial;
  }

  parse(interspersed: boolean): ParsedFlags {
    for (let text = this.#rest.shift(); text !== undefined; text = this.#rest.shift()) {
      if (text === "--") {
        this.#args.push(...this.#rest.splice(0));
      } else if (text.startsWith("--")) this.#long(text);
      else if (text.startsWith("-") && text !== "-") this.#shorts(text);
      else {
        this.#args.push(text);
        if (!interspersed) this.#args.push(...this.#rest.splice(0));
      }
    }
    return { values: this.#values, changed: this.#changed, args: this.#args, help: this.#help };
  }

  #long(text: string): void {
    const at = text.indexOf("=");
    const name = at < 0 ? text.slice(2) : text.slice(2, at);
    if (name === "" || name.startsWith("-") || name.startsWith("=")) throw new FlagError(`bad flag syntax: ${text}`);
    const spec = Object.hasOwn(this.#flags, name) ? this.#flags[name] : undefined;
    if (!spec) {
      if (name === "help") {
        this.#help = true;
        return;
      }
      throw new FlagError(`unknown flag: --${name}`);
    }
    if (at >= 0) this.#set(name, spec, text.slice(at + 1));
    else if (spec.isSwitch) this.#set(name, spec, "true");
    else this.#set(name, spec, this.#value(`flag needs an argument: --${name}`));
  }

  #shorts(text: string): void {
    for (let i = 1; i < text.length; i++) {
      const letter = text[i] ?? "";
      const entry = Object.entries(this.#flags).find(([, spec]) => spec.short === letter);
      if (!entry) {
        if (letter === "h") {
          this.#help = true;
          return;
        }
        throw new FlagError(`unknown shorthand flag: '${letter}' in ${text}`);
      }
      const [name, spec] = entry;
      const rest = text.slice(i + 1);
      if (rest.startsWith("=")) {
        this.#set(name, spec, rest.slice(1));
        return;
      }
      if (spec.isSwitch) {
        this.#set(name, spec, "true");
        continue;
      }
      this.#set(name, spec, rest === "" ? this.#value(`flag needs an argument: '${letter}' in ${text}`) : rest);
      return;
    }
  }

  #value(missing: string): string {
    const text = this.#rest.shift();
    if (text === undefined) throw new FlagError(missing);
    return text;
  }

  #set(name: string, spec: FlagSpec<unknown>, text: string): void {
    try {
      this.#values[name] = spec.parse(text, this.#values[name]);
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause;
      const shown = spec.short === undefined ? `--${name}` : `-${spec.short}, --${name}`;
      throw new FlagError(`invalid argument ${JSON.stringify(text)} for "${shown}" flag: ${cause.message}`, { cause });
    }
    this.#changed.add(name);
  }
}
