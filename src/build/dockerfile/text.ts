/** What Go's `unicode.IsSpace` takes for white space. */
const spaces = "\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const spacePattern = new RegExp(`[${spaces}]`);
const leadingSpace = new RegExp(`^[${spaces}]+`);

export function isSpace(char: string): boolean {
  return spacePattern.test(char);
}

export function trimStart(text: string): string {
  return text.replace(leadingSpace, "");
}

export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

export function trim(text: string): string {
  return trimEnd(trimStart(text));
}

/** The first word and what follows the blanks after it (tab, vertical tab, form feed, carriage return, space). */
export function cutWord(text: string): {
  readonly word: string;
  readonly rest: string | undefined;
} {
  const at = text.search(/[\t\v\f\r ]/);
  if (at < 0) return { word: text, rest: undefined };
  return { word: text.slice(0, at), rest: text.slice(at).replace(/^[\t\v\f\r ]+/, "") };
}

/** Words between blanks, without regard to quotes. */
export function splitBlanks(text: string): string[] {
  return text === "" ? [] : text.split(/[\t\v\f\r ]+/);
}

/** Text as Go's `%q` prints it. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** The line without its line feed and carriage returns. */
export function dropLineEnd(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === "\n" || line[end - 1] === "\r")) end--;
  return line.slice(0, end);
}
