import { EngineError } from "#core";

/** One step of a pattern. `deep` is `**` before more: nothing, or anything that ends with a slash. `rest` is `**` at the end. */
type Token =
  | { readonly kind: "literal"; readonly character: string }
  | { readonly kind: "any" | "star" | "deep" | "rest" }
  | { readonly kind: "class"; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

/** A parsed pattern. Matching takes time linear in pattern times name, whatever either holds. */
export interface Glob {
  matches(name: string): boolean;
  /** False when no path strictly below this directory can match. */
  canMatchBelow(directory: string): boolean;
}

/** Go's `filepath.Match`: `*` and `?` stop at `/`, `[a-z]`, `[^a]`, backslash escapes. @throws EngineError `invalid` for a bad pattern */
export function matchGlob(pattern: string, name: string): boolean {
  return parseGlob(pattern).matches(name);
}

/** @throws EngineError `invalid` for a bad pattern */
export function parseGlob(pattern: string, options: { readonly deep?: boolean } = {}): Glob {
  const tokens = new Tokenizer(pattern, options.deep ?? false).all();
  return {
    matches(name) {
      const characters = Array.from(name);
      return run(tokens, characters).at(-1)?.has(characters.length) ?? false;
    },
    canMatchBelow(directory) {
      const characters = Array.from(`${directory}/`);
      const states = run(tokens, characters);
      return states.some((state, at) => continues(tokens, state, at, characters.length));
    },
  };
}

/** For each count of tokens: the positions up to which they can have matched. */
function run(tokens: readonly Token[], name: readonly string[]): Set<number>[] {
  const states = [new Set([0])];
  for (const token of tokens) states.push(advance(token, states.at(-1) ?? new Set(), name));
  return states;
}

function advance(token: Token, from: ReadonlySet<number>, name: readonly string[]): Set<number> {
  const to = new Set<number>();
  for (const start of from) {
    if (token.kind === "star") {
      for (let at = start; !to.has(at); at++) {
        to.add(at);
        if (at >= name.length || name[at] === "/") break;
      }
    } else if (matchesOne(token, name[start])) to.add(start + 1);
  }
  if (token.kind === "deep" || token.kind === "rest") spread(token.kind, from, name, to);
  return to;
}

function spread(kind: "deep" | "rest", from: ReadonlySet<number>, name: readonly string[], to: Set<number>): void {
  for (const start of from) to.add(start);
  for (let at = Math.min(...from) + 1; at <= name.length; at++) if (kind === "rest" || name[at - 1] === "/") to.add(at);
}

function matchesOne(token: Token, character: string | undefined): boolean {
  if (character === undefined) return false;
  if (token.kind === "literal") return token.character === character;
  if (token.kind === "any") return character !== "/";
  if (token.kind !== "class") return false;
  const point = character.codePointAt(0) ?? 0;
  const inside = token.ranges.some(
    ([low, high]) => (low.codePointAt(0) ?? 0) <= point && point <= (high.codePointAt(0) ?? 0),
  );
  return inside !== token.negated;
}

/** Whether tokens from `at` on can match something that goes on after the end. */
function continues(tokens: readonly Token[], state: ReadonlySet<number>, at: number, end: number): boolean {
  const next = tokens[at];
  if (state.size === 0) return false;
  if (next?.kind === "deep" || next?.kind === "rest") return true;
  return next !== undefined && state.has(end);
}

class Tokenizer {
  readonly #pattern: string;
  readonly #characters: readonly string[];
  readonly #deep: boolean;
  #at = 0;

  constructor(pattern: string, deep: boolean) {
    this.#pattern = pattern;
    this.#characters = Array.from(pattern);
    this.#deep = deep;
  }

  all(): Token[] {
    const tokens: Token[] = [];
    while (this.#at < this.#characters.length) tokens.push(this.#next());
    return tokens;
  }

  #next(): Token {
    const character = this.#take();
    if (character === "*") return this.#star();
    if (character === "?") return { kind: "any" };
    if (character === "[") return this.#class();
    return { kind: "literal", character: character === "\\" ? this.#take() : character };
  }

  #star(): Token {
    if (!this.#deep || this.#peek() !== "*") return { kind: "star" };
    this.#at++;
    if (this.#peek() === "/") this.#at++;
    return { kind: this.#peek() === undefined ? "rest" : "deep" };
  }

  #class(): Token {
    const negated = this.#peek() === "^";
    if (negated) this.#at++;
    const ranges: [string, string][] = [];
    while (this.#peek() !== "]" || ranges.length === 0) {
      const low = this.#member();
      if (this.#peek() !== "-") {
        ranges.push([low, low]);
        continue;
      }
      this.#at++;
      ranges.push([low, this.#member()]);
    }
    this.#at++;
    return { kind: "class", negated, ranges };
  }

  #member(): string {
    const character = this.#take();
    if (character === "-" || character === "]") throw this.#bad();
    return character === "\\" ? this.#take() : character;
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(): string {
    const character = this.#characters[this.#at++];
    if (character === undefined) throw this.#bad();
    return character;
  }

  #bad(): EngineError {
    return new EngineError("invalid", `syntax error in pattern: ${JSON.stringify(this.#pattern)}`);
  }
}
