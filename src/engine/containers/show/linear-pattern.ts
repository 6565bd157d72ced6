/**
 * Regular expressions from outside, as Go's `regexp` reads the common ones: literals, `.`, classes, `^`, `$`, groups, `|`,
 * `* + ? {n,m}` and their lazy forms. Matching takes time in proportion to pattern × text whatever the pattern: all paths
 * are followed at once (Thompson, 1968). JavaScript's own would let one request stop the engine.
 */
export interface LinearPattern {
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
}

/** Undefined for what Go would refuse too, what is not supported, and what is too large. */
export function compilePattern(source: string): LinearPattern | undefined {
  if (source.length > maxSource) return undefined;
  try {
    const program = new Compiler(source).compile();
    return { test: (text) => run(program, text) };
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}

const maxSource = 1000;
const maxInstructions = 10_000;

class PatternError extends Error {
  override readonly name = "PatternError";
}

type CharTest = (char: string) => boolean;
type Assertion = "begin" | "end";

type Instruction =
  | { readonly kind: "char"; readonly test: CharTest }
  | { readonly kind: "assert"; readonly what: Assertion }
  | { readonly kind: "split"; readonly to: readonly number[] }
  | { readonly kind: "match" };

type Node =
  | { readonly kind: "char"; readonly test: CharTest }
  | { readonly kind: "assert"; readonly what: Assertion }
  | { readonly kind: "sequence" | "choice"; readonly nodes: readonly Node[] }
  | { readonly kind: "repeat"; readonly node: Node; readonly min: number; readonly max: number };

const classes: Readonly<Record<string, RegExp>> = { d: /[0-9]/, w: /[0-9A-Za-z_]/, s: /[\t\n\f\r ]/ };
const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", f: "\f", v: "\v", a: "\x07" };

class Compiler {
  readonly #chars: readonly string[];
  #at = 0;
  readonly #program: Instruction[] = [];

  constructor(source: string) {
    this.#chars = Array.from(source);
  }

  compile(): readonly Instruction[] {
    const node = this.#choice();
    if (this.#at < this.#chars.length) throw new PatternError("unexpected )");
    this.#emit(node);
    this.#add({ kind: "match" });
    return this.#program;
  }

  get #next(): string | undefined {
    return this.#chars[this.#at];
  }

  #take(): string {
    const char = this.#chars[this.#at++];
    if (char === undefined) throw new PatternError("ends too early");
    return char;
  }

  #skip(char: string): boolean {
    if (this.#next !== char) return false;
    this.#at++;
    return true;
  }

  #choice(): Node {
    const nodes = [this.#sequence()];
    while (this.#skip("|")) nodes.push(this.#sequence());
    return { kind: "choice", nodes };
  }

  #sequence(): Node {
    const nodes: Node[] = [];
    while (this.#next !== undefined && this.#next !== "|" && this.#next !== ")") nodes.push(this.#repeated());
    return { kind: "sequence", nodes };
  }

  #repeated(): Node {
    const node = this.#atom();
    const bounds = this.#bounds();
    if (!bounds) return node;
    this.#skip("?");
    if (this.#bounds()) throw new PatternError("a quantifier of a quantifier");
    return { kind: "repeat", node, min: bounds[0], max: bounds[1] };
  }

  #bounds(): readonly [number, number] | undefined {
    if (this.#skip("*")) return [0, Infinity];
    if (this.#skip("+")) return [1, Infinity];
    if (this.#skip("?")) return [0, 1];
    const braces = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(this.#chars.slice(this.#at, this.#at + 12).join(""));
    if (!braces) return undefined;
    this.#at += braces[0].length;
    const min = Number(braces[1]);
    const max = braces[2] === undefined ? min : Number(braces[3] ?? Infinity);
    if (min > max || min > 1000 || (max > 1000 && max !== Infinity)) throw new PatternError("a bad repetition");
    return [min, max];
  }

  #atom(): Node {
    const char = this.#take();
    switch (char) {
      case "(":
        return this.#group();
      case "[":
        return { kind: "char", test: this.#set() };
      case ".":
        return { kind: "char", test: (given) => given !== "\n" };
      case "^":
        return { kind: "assert", what: "begin" };
      case "$":
        return { kind: "assert", what: "end" };
      case "\\":
        return this.#escaped();
      case "*":
      case "+":
      case "?":
        throw new PatternError("nothing to repeat");
      default:
        return { kind: "char", test: (given) => given === char };
    }
  }

  #group(): Node {
    if (this.#skip("?") && !this.#skip(":")) throw new PatternError("an unsupported group");
    const node = this.#choice();
    if (!this.#skip(")")) throw new PatternError("missing )");
    return node;
  }

  #escaped(): Node {
    if (this.#skip("A")) return { kind: "assert", what: "begin" };
    if (this.#skip("z")) return { kind: "assert", what: "end" };
    return { kind: "char", test: this.#escapeTest() };
  }

  #escapeTest(): CharTest {
    const char = this.#take();
    const known = classes[char.toLowerCase()];
    if (known) return char === char.toLowerCase() ? (given) => known.test(given) : (given) => !known.test(given);
    const literal = escapes[char] ?? char;
    if (literal === char && /[0-9A-Za-z]/.test(char)) throw new PatternError("an unsupported escape");
    return (given) => given === literal;
  }

  #set(): CharTest {
    const negated = this.#skip("^");
    const tests: CharTest[] = [];
    for (let isFirst = true; isFirst || this.#next !== "]"; isFirst = false) tests.push(this.#setItem());
    this.#at++;
    return (char) => tests.some((test) => test(char)) !== negated;
  }

  #setItem(): CharTest {
    if (this.#skip("\\")) return this.#escapeTest();
    const from = this.#take();
    if (from === "[" && this.#next === ":") throw new PatternError("an unsupported class");
    if (this.#next !== "-" || this.#chars[this.#at + 1] === "]") return (char) => char === from;
    this.#at++;
    const to = this.#take();
    if (to === "\\" || to < from) throw new PatternError("a bad range");
    return (char) => char >= from && char <= to;
  }

  #add(instruction: Instruction): number {
    if (this.#program.length >= maxInstructions) throw new PatternError("too large");
    return this.#program.push(instruction) - 1;
  }

  #emit(node: Node): void {
    switch (node.kind) {
      case "char":
      case "assert":
        this.#add(node);
        return;
      case "sequence":
        for (const part of node.nodes) this.#emit(part);
        return;
      case "choice":
        return this.#emitChoice(node.nodes);
      case "repeat":
        return this.#emitRepeat(node);
    }
  }

  /** Each way jumps behind the last one. */
  #emitChoice(nodes: readonly Node[]): void {
    if (nodes.length === 1) return nodes.forEach((node) => this.#emit(node));
    const fork = this.#add({ kind: "split", to: [] });
    const [begins, ends]: [number[], number[]] = [[], []];
    for (const node of nodes) {
      begins.push(this.#program.length);
      this.#emit(node);
      ends.push(this.#add({ kind: "split", to: [] }));
    }
    this.#program[fork] = { kind: "split", to: begins };
    for (const end of ends) this.#program[end] = { kind: "split", to: [this.#program.length] };
  }

  #emitRepeat({ node, min, max }: Extract<Node, { kind: "repeat" }>): void {
    for (let count = 0; count < min; count++) this.#emit(node);
    if (max === Infinity) {
      const loop = this.#add({ kind: "split", to: [] });
      this.#emit(node);
      this.#add({ kind: "split", to: [loop] });
      this.#program[loop] = { kind: "split", to: [loop + 1, this.#program.length] };
      return;
    }
    const forks: number[] = [];
    for (let count = min; count < max; count++) {
      forks.push(this.#add({ kind: "split", to: [] }));
      this.#emit(node);
    }
    for (const fork of forks) this.#program[fork] = { kind: "split", to: [fork + 1, this.#program.length] };
  }
}

function run(program: readonly Instruction[], text: string): boolean {
  const chars = Array.from(text);
  let targets: number[] = [];
  for (let at = 0; at <= chars.length; at++) {
    // Every place may begin a match.
    const states = reached(program, [...targets, 0], { isBegin: at === 0, isEnd: at === chars.length });
    if (!states) return true;
    const char = chars[at];
    if (char === undefined) return false;
    const matching = states.filter((state) => {
      const instruction = program[state];
      return instruction?.kind === "char" && instruction.test(char);
    });
    targets = matching.map((state) => state + 1);
  }
  return false;
}

/** States that read a character, from these without reading one; undefined when one of them is the match. */
function reached(
  program: readonly Instruction[],
  from: readonly number[],
  place: { readonly isBegin: boolean; readonly isEnd: boolean },
): number[] | undefined {
  const seen = new Set<number>();
  const open = [...from];
  const reading: number[] = [];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    if (seen.has(state)) continue;
    seen.add(state);
    const instruction = program[state];
    if (instruction?.kind === "match") return undefined;
    if (instruction?.kind === "char") reading.push(state);
    if (instruction?.kind === "split") open.push(...instruction.to);
    if (instruction?.kind === "assert" && (instruction.what === "begin" ? place.isBegin : place.isEnd)) {
      open.push(state + 1);
    }
  }
  return reading;
}
