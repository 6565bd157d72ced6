import { isSpace } from "./text.ts";

/**
 * Splits at white space outside of quotes; quotes and escapes stay in the words, for the expansion that comes later.
 * An escape at the end of the text is dropped.
 */
export function splitWords(text: string, escape: string): string[] {
  const words: string[] = [];
  const scan = { at: 0 };
  while (scan.at < text.length) {
    if (isSpace(text.charAt(scan.at))) scan.at++;
    else words.push(readWord(text, escape, scan));
  }
  return words.filter((word) => word !== "");
}

function readWord(text: string, escape: string, scan: { at: number }): string {
  let word = "";
  let quote = "";
  for (; scan.at < text.length; scan.at++) {
    const char = text.charAt(scan.at);
    if (quote === "" && isSpace(char)) break;
    if (char === escape && quote !== "'") {
      if (scan.at + 1 < text.length) word += char + text.charAt(++scan.at);
      continue;
    }
    if (quote === "" && (char === "'" || char === '"')) quote = char;
    else if (char === quote) quote = "";
    word += char;
  }
  return word;
}

/** Flags are the words that start with `--` right after the keyword; `--` alone ends them and is dropped. */
export function cutFlags(text: string): {
  readonly flags: readonly string[];
  readonly rest: string;
} {
  const flags: string[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isSpace(text.charAt(at))) at++;
    if (!text.startsWith("--", at)) return { flags, rest: text.slice(at) };
    const { word, end } = readFlag(text, at);
    at = end;
    if (word === "--") return { flags, rest: text.slice(at) };
    flags.push(word);
  }
}

/** Quotes are removed and a backslash takes the next character as it is, whatever the escape directive says. */
function readFlag(text: string, start: number): { word: string; end: number } {
  let word = "";
  let quote = "";
  let at = start;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === "\\") word += text.charAt(++at);
    else if (quote !== "" && char === quote) quote = "";
    else if (quote === "" && (char === "'" || char === '"')) quote = char;
    else if (quote === "" && isSpace(char)) break;
    else word += char;
  }
  return { word, end: Math.min(at, text.length) };
}
