import { expandWords } from "./shell.ts";
import { dropLineEnd } from "./text.ts";

/** A here-document as an instruction carries it; `content` keeps its line ends. */
export interface Heredoc {
  readonly name: string;
  /** Variables in the body are expanded: no part of the name was quoted. */
  readonly expand: boolean;
  /** Leading tabs of each line are to be dropped (`<<-`). */
  readonly chomp: boolean;
  readonly content: string;
}

export type HeredocMark = Omit<Heredoc, "content">;

const noEnvironment = (): undefined => undefined;

/** Reads `<<NAME`, `<<-NAME`, `3<<"NAME"` when it is the whole text. */
export function parseHeredocMark(text: string): HeredocMark | undefined {
  const match = /^\d*<<(-?)([^<]+)$/.exec(text);
  if (!match) return undefined;
  const raw = match[2] ?? "";
  const plain = tryWords(raw, false);
  const name = plain?.[0];
  if (plain?.length !== 1 || name === undefined || name === "") return undefined;
  return { name, expand: tryWords(raw, true)?.[0] === name, chomp: match[1] === "-" };
}

/** The here-documents that a line announces, in order. */
export function findHeredocMarks(line: string): HeredocMark[] {
  if (!line.includes("<<")) return [];
  const words = tryWords(line, true) ?? [];
  return words.flatMap((word) => parseHeredocMark(word) ?? []);
}

function tryWords(text: string, raw: boolean): string[] | undefined {
  const options = { escape: "\\", keepUnset: true, rawQuotes: raw, rawEscapes: raw };
  const result = expandWords(text, noEnvironment, options);
  return result.ok ? result.words : undefined;
}

/** Body as the instruction sees it. */
export function heredocBody(heredoc: Pick<Heredoc, "content" | "chomp">): string {
  return heredoc.chomp ? heredoc.content.replace(/^\t+/gm, "") : heredoc.content;
}

/** The line that ends a here-document. */
export function endsHeredoc(line: string, mark: HeredocMark): boolean {
  const bare = dropLineEnd(line);
  return (mark.chomp ? bare.replace(/^\t+/, "") : bare) === mark.name;
}
