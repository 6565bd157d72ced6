/** Go's text/template: what it is cut into. */
export interface Token {
  readonly kind:
    | "text"
    | "open"
    | "close"
    | "word"
    | "field"
    | "variable"
    | "string"
    | "char"
    | "number"
    | "punct"
    | "space";
  readonly text: string;
  /** Offset in the source. */
  readonly at: number;
}

/** A template that cannot be parsed or executed; the message is Go's. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

const patterns: readonly (readonly [Token["kind"], RegExp])[] = [
  ["space", /\s+/y],
  ["string", /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ["char", /'(?:[^'\\\n]|\\.[^']*)'/y],
  ["number", /[+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/y],
  ["field", /\.[\p{L}_][\p{L}\p{N}_]*/uy],
  ["variable", /\$[\p{L}\p{N}_]*/uy],
  ["word", /[\p{L}_][\p{L}\p{N}_]*/uy],
  ["punct", /:=|[.|(),=]/y],
];

/** @throws TemplateError */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf("{{", at);
    const end = open < 0 ? source.length : open;
    const trims = open >= 0 && /^\{\{-\s/.test(source.slice(open, open + 4));
    const text = trims ? source.slice(at, end).trimEnd() : source.slice(at, end);
    if (text !== "") tokens.push({ kind: "text", text, at });
    if (open < 0) break;
    at = lexAction(source, open + (trims ? 3 : 2), tokens);
  }
  return tokens;
}

/** Cuts one action; returns the offset behind it. */
function lexAction(source: string, start: number, tokens: Token[]): number {
  const comment = /^\s*\/\*[\s\S]*?\*\/\s*?(\s-)?\}\}/.exec(source.slice(start));
  if (comment) return skipTrim(source, start + comment[0].length, comment[1] !== undefined);
  tokens.push({ kind: "open", text: "{{", at: start });
  let at = start;
  for (;;) {
    const close = /^(\s+-)?\}\}/.exec(source.slice(at, at + 64)) ?? undefined;
    if (close) {
      tokens.push({ kind: "close", text: "}}", at });
      return skipTrim(source, at + close[0].length, close[1] !== undefined);
    }
    if (at >= source.length) throw new TemplateError(`unclosed action`);
    const token = nextToken(source, at);
    tokens.push(token);
    at += token.text.length;
  }
}

function skipTrim(source: string, at: number, trims: boolean): number {
  return trims ? at + (/^\s*/.exec(source.slice(at))?.[0].length ?? 0) : at;
}

function nextToken(source: string, at: number): Token {
  if (at === source.length - 1 && source[at] === ".") throw new TemplateError('illegal number syntax: "."');
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text !== undefined) return { kind, text, at };
  }
  const char = String.fromCodePoint(source.codePointAt(at) ?? 0);
  if (char === '"') throw new TemplateError("unterminated quoted string");
  if (char === "`") throw new TemplateError("unterminated raw quoted string");
  throw new TemplateError(`unexpected ${JSON.stringify(char)} in command`);
}
