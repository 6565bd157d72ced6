import { syntaxError } from "./errors.ts";
import { endsHeredoc, findHeredocMarks, type Heredoc, type HeredocMark } from "./heredoc.ts";
import { cutWord, dropLineEnd, trim, trimStart } from "./text.ts";
import { cutFlags } from "./words.ts";

/** An instruction that is cut out of the text but not yet understood. */
export interface InstructionSource {
  /** First and last line, from 1. */
  readonly line: number;
  readonly endLine: number;
  /** As written. */
  readonly keyword: string;
  readonly flags: readonly string[];
  /** What follows keyword and flags, trimmed. */
  readonly rest: string;
  /** The whole instruction, continuations joined. */
  readonly text: string;
  readonly heredocs: readonly Heredoc[];
}

export interface DockerfileSource {
  readonly escape: string;
  /** Parser directives by lower-case name. */
  readonly directives: ReadonlyMap<string, string>;
  readonly instructions: readonly InstructionSource[];
  readonly warnings: readonly string[];
}

/** Bytes of one physical line, as Docker limits it. */
const maxLineBytes = 65_535;
const knownDirectives = ["syntax", "escape", "check"];

/** Cuts a Dockerfile into instructions: directives, comments, continuations, here-documents. @throws EngineError `invalid` */
export function readSource(text: string): DockerfileSource {
  const reader = new SourceReader(splitLines(text.replace(/^\uFEFF/, "")));
  reader.readDirectives();
  const instructions: InstructionSource[] = [];
  for (let next = reader.read(); next !== undefined; next = reader.read()) instructions.push(next);
  if (instructions.length === 0) throw syntaxError("file with no instructions");
  return {
    escape: reader.escape,
    directives: reader.directives,
    instructions,
    warnings: reader.warnings,
  };
}

/** Lines with their ends. */
function splitLines(text: string): string[] {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  for (const line of lines) {
    if (line.length > maxLineBytes / 4 && Buffer.byteLength(line) > maxLineBytes) {
      throw syntaxError(`dockerfile line greater than maximum allowed size of ${maxLineBytes}`);
    }
  }
  return lines;
}

class SourceReader {
  readonly #lines: readonly string[];
  readonly directives = new Map<string, string>();
  readonly warnings: string[] = [];
  escape = "\\";
  #at = 0;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  readDirectives(): void {
    for (const line of this.#lines) {
      const match = /^#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=(.*)$/.exec(trimStart(dropLineEnd(line)));
      const name = (match?.[1] ?? "").toLowerCase();
      const value = trim(match?.[2] ?? "");
      if (!knownDirectives.includes(name) || value === "") return;
      if (this.directives.has(name)) throw syntaxError(`only one ${name} parser directive can be used`);
      this.directives.set(name, value);
      if (name === "escape") this.#setEscape(value);
    }
  }

  #setEscape(value: string): void {
    if (value !== "\\" && value !== "`") {
      throw syntaxError(`invalid escape token '${value}' does not match \` or \\`);
    }
    this.escape = value;
  }

  read(): InstructionSource | undefined {
    while (this.#at < this.#lines.length) {
      const line = this.#at + 1;
      const first = trimStart(this.#nextLine());
      const joined = first.startsWith("#") ? "" : this.#joinContinuations(first);
      if (trim(joined) === "") continue;
      return this.#instruction(line, joined);
    }
    return undefined;
  }

  #nextLine(): string {
    return dropLineEnd(this.#lines[this.#at++] ?? "");
  }

  /** Comments inside a continuation vanish; empty lines too, with a warning. */
  #joinContinuations(first: string): string {
    const parts: string[] = [];
    let emptyLine = false;
    let current = this.#cutContinuation(first);
    parts.push(current.text);
    while (current.goesOn && this.#at < this.#lines.length) {
      const line = this.#nextLine();
      const bare = trimStart(line);
      if (bare.startsWith("#")) continue;
      if (bare === "") {
        emptyLine = true;
        continue;
      }
      current = this.#cutContinuation(line);
      parts.push(current.text);
    }
    const joined = parts.join("");
    if (emptyLine) this.warnings.push(`[WARNING]: Empty continuation line found in: ${trim(joined)}`);
    return joined;
  }

  /** A line goes on when it ends in one escape character, blanks after it aside; two of them are no continuation. */
  #cutContinuation(line: string): { text: string; goesOn: boolean } {
    let end = line.length;
    while (end > 0 && /[ \t]/.test(line.charAt(end - 1))) end--;
    const goesOn = line.charAt(end - 1) === this.escape && line.charAt(end - 2) !== this.escape;
    return goesOn ? { text: line.slice(0, end - 1), goesOn } : { text: line, goesOn };
  }

  #instruction(line: number, joined: string): InstructionSource {
    const { word: keyword, rest } = cutWord(trim(joined));
    const { flags, rest: args } = cutFlags(rest ?? "");
    const heredocs = takesHeredocs(keyword, args) ? this.#heredocs(joined) : [];
    return {
      line,
      endLine: this.#at,
      keyword,
      flags,
      rest: trim(args),
      text: trim(joined),
      heredocs,
    };
  }

  #heredocs(joined: string): Heredoc[] {
    return findHeredocMarks(joined).map((mark) => ({
      ...mark,
      content: this.#heredocContent(mark),
    }));
  }

  #heredocContent(mark: HeredocMark): string {
    const start = this.#at;
    for (; this.#at < this.#lines.length; this.#at++) {
      if (endsHeredoc(this.#lines[this.#at] ?? "", mark)) return this.#lines.slice(start, this.#at++).join("");
    }
    throw syntaxError("unterminated heredoc");
  }
}

/** Here-documents belong to RUN, COPY and ADD, also behind ONBUILD, and not to the JSON form. */
function takesHeredocs(keyword: string, args: string): boolean {
  const name = keyword.toLowerCase();
  if (name === "onbuild") {
    const { word, rest } = cutWord(trim(args));
    return word.toLowerCase() !== "onbuild" && takesHeredocs(word, cutFlags(rest ?? "").rest);
  }
  return ["run", "copy", "add"].includes(name) && parseJsonArray(args) === undefined;
}

/** The elements, where the text is a JSON array; undefined where it is anything else. */
export function parseJsonArray(text: string): readonly unknown[] | undefined {
  const bare = trimStart(text);
  if (!bare.startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(bare);
    return Array.isArray(value) ? (value as readonly unknown[]) : undefined;
  } catch (error) {
    // SyntaxError: not JSON. RangeError: nested beyond what a list of strings could be.
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}
