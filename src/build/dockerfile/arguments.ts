import { instructionError, syntaxError } from "./errors.ts";
import type { CommandLine, InlineFile, NameValue } from "./instruction.ts";
import { heredocBody, parseHeredocMark, type Heredoc } from "./heredoc.ts";
import { parseJsonArray, type InstructionSource } from "./lines.ts";
import { cutWord, quote, splitBlanks } from "./text.ts";
import { splitWords } from "./words.ts";

/** The strings of a JSON array; undefined where the text is no JSON array. @throws EngineError `invalid` for other elements */
export function parseStringArray(text: string): readonly string[] | undefined {
  const items = parseJsonArray(text);
  if (items === undefined) return undefined;
  return items.map((item) => {
    if (typeof item === "string") return item;
    throw syntaxError("when using JSON array syntax, arrays must be comprised of strings only");
  });
}

/** JSON array, or the text whole: an argument that looks like JSON and is not becomes shell form, as in Docker. */
export function parseCommandLine(text: string): CommandLine {
  const args = parseStringArray(text);
  if (args !== undefined) return { form: "exec", args };
  return { form: "shell", args: text === "" ? [] : [text] };
}

/** JSON array, or words between blanks. */
export function parseList(text: string): readonly string[] {
  return parseStringArray(text) ?? splitBlanks(text);
}

/** `k=v …`, or the old `k rest of line`. Quotes stay, for the expansion. @throws EngineError `invalid` */
export function parsePairs(source: InstructionSource, keyword: string, escape: string): NameValue[] {
  const pairs = readPairs(source.rest, keyword, escape);
  if (pairs.length === 0) throw instructionError(source.line, `${keyword} requires at least one argument`);
  if (pairs.some(({ name }) => name === "")) throw instructionError(source.line, `${keyword} names can not be blank`);
  return pairs;
}

function readPairs(text: string, keyword: string, escape: string): NameValue[] {
  const words = splitWords(text, escape);
  const [first] = words;
  if (first === undefined) return [];
  if (!first.includes("=")) {
    const { word, rest } = cutWord(text);
    if (rest === undefined) throw syntaxError(`${keyword} must have two arguments`);
    return [{ name: word, value: rest }];
  }
  return words.map((word) => {
    const at = word.indexOf("=");
    if (at < 0) throw syntaxError(`Syntax error - can't find = in ${quote(word)}. Must be of the form: name=value`);
    return { name: word.slice(0, at), value: word.slice(at + 1) };
  });
}

export interface Transfer {
  readonly sources: readonly string[];
  readonly files: readonly InlineFile[];
  readonly destination: string;
}

/** Sources and destination of COPY and ADD, here-documents told apart. @throws EngineError `invalid` */
export function parseTransfer(source: InstructionSource, keyword: string): Transfer {
  const words = parseList(source.rest);
  const destination = words.at(-1);
  if (words.length < 2 || destination === undefined) {
    const text = `${keyword} requires at least two arguments, but only one was provided. Destination could not be determined`;
    throw instructionError(source.line, text);
  }
  if (source.heredocs.length > 0 && parseHeredocMark(destination)) {
    throw instructionError(source.line, `${keyword} cannot accept a heredoc as a destination`);
  }
  const bodies = new Map(source.heredocs.map((heredoc) => [heredoc.name, heredoc]));
  const inputs = words.slice(0, -1).map((word) => inlineFile(word, bodies) ?? word);
  return {
    sources: inputs.filter((input) => typeof input === "string"),
    files: inputs.filter((input) => typeof input !== "string"),
    destination,
  };
}

function inlineFile(word: string, bodies: ReadonlyMap<string, Heredoc>): InlineFile | undefined {
  const name = bodies.size > 0 ? parseHeredocMark(word)?.name : undefined;
  const heredoc = name === undefined ? undefined : bodies.get(name);
  return heredoc && { name: heredoc.name, content: heredocBody(heredoc), expand: heredoc.expand };
}
