import { EngineError } from "#core";
import { replaceMatches, trimPrefix, trimSuffix } from "./glob.ts";
import { isSpace, quote } from "./text.ts";

/** The value of a variable; undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

export interface ShellOptions {
  /** Escape character of the Dockerfile. */
  readonly escape: string;
  /** Leave `$name` of an unset variable as it is. */
  readonly keepUnset?: boolean;
  readonly rawQuotes?: boolean;
  readonly rawEscapes?: boolean;
  /** Quotes are ordinary characters, as in the body of a here-document. */
  readonly plainQuotes?: boolean;
}

type Outcome =
  | { readonly ok: true; readonly text: string; readonly words: string[] }
  | { readonly ok: false; readonly message: string };

const maxDepth = 100;
/** Characters that an expansion may make; the kernel takes 128 KiB for one string of an environment. */
const maxLength = 4 * 1024 * 1024;

/** Expands variables, quotes and escapes of one word. @throws EngineError `invalid` with Docker's text */
export function expandWord(word: string, lookup: Lookup, escape: string): string {
  const result = expandWords(word, lookup, { escape });
  if (!result.ok) throw new EngineError("invalid", `failed to process ${quote(word)}: ${result.message}`);
  return result.text;
}

/** Expands the body of a here-document, where quotes are text. @throws EngineError `invalid` */
export function expandBody(body: string, lookup: Lookup, escape: string): string {
  const result = expandWords(body, lookup, { escape, plainQuotes: true });
  if (!result.ok) throw new EngineError("invalid", `failed to process here-document: ${result.message}`);
  return result.text;
}

/** As {@link expandWord}, then cut into words at white space that was not quoted. @throws EngineError `invalid` */
export function expandToWords(word: string, lookup: Lookup, escape: string): string[] {
  const result = expandWords(word, lookup, { escape });
  if (!result.ok) throw new EngineError("invalid", `failed to process ${quote(word)}: ${result.message}`);
  return result.words;
}

/** Both forms at once; failure as a value. */
export function expandWords(text: string, lookup: Lookup, options: ShellOptions): Outcome {
  const scanner = new Scanner(text, lookup, options);
  try {
    const words = new Words();
    const expanded = scanner.until("", words, options.rawEscapes ?? false);
    return { ok: true, text: expanded, words: words.end() };
  } catch (error) {
    if (error instanceof ShellError) return { ok: false, message: error.message };
    throw error;
  }
}

class ShellError extends Error {}

/** Collects words while text is expanded. */
class Words {
  readonly #list: string[] = [];
  #word = "";
  #inWord = false;

  /** Text that may be cut at white space. */
  add(text: string): void {
    for (const char of text) {
      if (!isSpace(char)) this.raw(char);
      else if (this.#inWord) this.#cut();
    }
  }

  /** Text that belongs to one word whole. */
  raw(text: string): void {
    this.#inWord = true;
    this.#word += text;
  }

  end(): string[] {
    if (this.#inWord) this.#cut();
    return this.#list;
  }

  #cut(): void {
    this.#list.push(this.#word);
    this.#word = "";
    this.#inWord = false;
  }
}

class Scanner {
  readonly #chars: readonly string[];
  readonly #lookup: Lookup;
  readonly #options: ShellOptions;
  #at = 0;
  #depth = 0;

  constructor(text: string, lookup: Lookup, options: ShellOptions) {
    this.#chars = Array.from(text);
    this.#lookup = lookup;
    this.#options = options;
  }

  /** Expands up to the stop character (which is consumed), or to the end where it is empty. */
  until(stop: string, words: Words, rawEscapes: boolean): string {
    if (++this.#depth > maxDepth) throw new ShellError("substitution is nested too deep");
    let result = "";
    while (!this.#ended) {
      const char = this.#peek();
      if (stop !== "" && char === stop) {
        this.#at++;
        this.#depth--;
        return result;
      }
      const part = this.#part(char, words, rawEscapes);
      result += part;
      if (result.length > maxLength) throw new ShellError(`result is longer than ${maxLength} characters`);
    }
    if (stop !== "") throw new ShellError(`unexpected end of statement while looking for matching ${stop}`);
    this.#depth--;
    return result;
  }

  get #ended(): boolean {
    return this.#at >= this.#chars.length;
  }

  #peek(): string {
    return this.#chars[this.#at] ?? "";
  }

  #next(): string {
    return this.#chars[this.#at++] ?? "";
  }

  #part(char: string, words: Words, rawEscapes: boolean): string {
    if (!this.#options.plainQuotes && (char === "'" || char === '"')) {
      const text = char === "'" ? this.#single() : this.#double();
      words.raw(text);
      return text;
    }
    if (char === "$") {
      const text = this.#dollar();
      words.add(text);
      return text;
    }
    this.#at++;
    if (char !== this.#options.escape) {
      words.add(char);
      return char;
    }
    const escaped = (rawEscapes ? char : "") + this.#next();
    if (escaped !== "") words.raw(escaped);
    return escaped;
  }

  /** Between single quotes everything is as it stands. */
  #single(): string {
    const mark = this.#options.rawQuotes ? this.#next() : this.#skip();
    const end = this.#chars.indexOf("'", this.#at);
    if (end < 0) throw new ShellError("unexpected end of statement while looking for matching single-quote");
    const text = this.#chars.slice(this.#at, end).join("");
    this.#at = end + 1;
    return mark + text + mark;
  }

  #skip(): string {
    this.#at++;
    return "";
  }

  /** Between double quotes `$` expands, and the escape character takes `"`, `$` and itself as they are. */
  #double(): string {
    const mark = this.#options.rawQuotes ? this.#next() : this.#skip();
    let text = mark;
    while (!this.#ended) {
      const char = this.#peek();
      if (char === "$") {
        text += this.#dollar();
        continue;
      }
      this.#at++;
      if (char === '"') return text + mark;
      text += char === this.#options.escape ? this.#escapedInDouble(char) : char;
    }
    throw new ShellError("unexpected end of statement while looking for matching double-quote");
  }

  #escapedInDouble(escape: string): string {
    if (this.#ended) return "";
    const special = ['"', "$", escape].includes(this.#peek());
    if (!special) return escape;
    return (this.#options.rawEscapes ? escape : "") + this.#next();
  }

  #dollar(): string {
    this.#at++;
    if (this.#peek() === "{") return this.#braces();
    const name = this.#name();
    if (name === "") return "$";
    return this.#value(name) ?? (this.#options.keepUnset ? `$${name}` : "");
  }

  #value(name: string): string | undefined {
    return this.#lookup(name);
  }

  /** Letters, digits and `_`; only the digits when it starts with one; or one special parameter. */
  #name(): string {
    if (/^[@*#?\-$!]$/.test(this.#peek())) return this.#next();
    const pattern = /^\d$/.test(this.#peek()) ? /^\d$/ : /^[\p{L}\p{Nd}_]$/u;
    let name = "";
    while (!this.#ended && pattern.test(this.#peek())) name += this.#next();
    return name;
  }

  #braces(): string {
    this.#at++;
    if (this.#ended) throw new ShellError("syntax error: missing '}'");
    if ("{}:".includes(this.#peek())) throw new ShellError("syntax error: bad substitution");
    const name = this.#name();
    const operator = this.#next();
    if (operator === "}") return this.#value(name) ?? (this.#options.keepUnset ? `\${${name}}` : "");
    if (operator === "/") return this.#replace(name);
    const orEmpty = operator === ":";
    const modifier = orEmpty ? this.#next() : operator;
    return this.#modify(name, modifier, orEmpty);
  }

  #modify(name: string, modifier: string, orEmpty: boolean): string {
    const shown = (orEmpty ? ":" : "") + (modifier === "" ? "\uFFFD" : modifier);
    const trims = modifier === "#" || modifier === "%";
    if (modifier === "" || !"-+?#%".includes(modifier)) {
      throw new ShellError(`unsupported modifier (${shown}) in substitution`);
    }
    const word = this.#operand("}", trims);
    const found = this.#value(name);
    const value = orEmpty && found === "" ? undefined : found;
    if (value === undefined && this.#options.keepUnset) return `\${${name}${shown}${word}}`;
    return trims ? trimValue(value ?? "", modifier, word) : substitute(name, value, modifier, word);
  }

  #replace(name: string): string {
    const all = this.#peek() === "/";
    if (all) this.#at++;
    const pattern = this.#operand("/", true);
    const replacement = this.#operand("}", true);
    const value = this.#value(name);
    if (value !== undefined) return replaceMatches(value, pattern, replacement, all);
    return this.#options.keepUnset ? `\${${name}/${all ? "/" : ""}${pattern}/${replacement}}` : "";
  }

  #operand(stop: string, rawEscapes: boolean): string {
    try {
      return this.until(stop, new Words(), rawEscapes);
    } catch (error) {
      if (error instanceof ShellError && this.#ended && error.message.endsWith(`matching ${stop}`)) {
        throw new ShellError(`syntax error: missing '${stop}'`);
      }
      throw error;
    }
  }
}

function trimValue(value: string, modifier: string, word: string): string {
  const longest = word.startsWith(modifier);
  const pattern = longest ? word.slice(1) : word;
  return modifier === "#" ? trimPrefix(value, pattern, longest) : trimSuffix(value, pattern, longest);
}

function substitute(name: string, value: string | undefined, modifier: string, word: string): string {
  if (modifier === "+") return value === undefined ? "" : word;
  if (value !== undefined) return value;
  if (modifier === "-") return word;
  throw new ShellError(`${name}: ${word === "" ? "is not allowed to be unset" : word}`);
}
