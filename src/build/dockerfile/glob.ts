/**
 * Shell patterns of `${name#pattern}`, `${name%pattern}` and `${name/pattern/text}`: `*`, `?`, and a backslash that takes
 * the next character as it is. Matching walks the text once with a set of states, so no pattern is slow.
 */
type Token = { readonly kind: "star" } | { readonly kind: "any" } | { readonly kind: "char"; readonly char: string };

function tokens(pattern: string): Token[] {
  const list: Token[] = [];
  const chars = Array.from(pattern);
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? "";
    if (char === "*") {
      if (list.at(-1)?.kind !== "star") list.push({ kind: "star" });
    } else if (char === "?") list.push({ kind: "any" });
    else if (char === "\\" && at + 1 < chars.length) list.push({ kind: "char", char: chars[++at] ?? "" });
    else list.push({ kind: "char", char });
  }
  return list;
}

/** Length in characters of the shortest or longest match at the start; undefined when there is none. */
function matchLength(
  pattern: readonly Token[],
  chars: readonly string[],
  start: number,
  longest: boolean,
): number | undefined {
  let states = closure(pattern, new Set([0]));
  let found = states.has(pattern.length) ? 0 : undefined;
  for (let at = start; at < chars.length && states.size > 0; at++) {
    if (found !== undefined && !longest) return found;
    states = step(pattern, states, chars[at] ?? "");
    if (states.has(pattern.length)) found = at - start + 1;
  }
  return found;
}

function step(pattern: readonly Token[], states: ReadonlySet<number>, char: string): Set<number> {
  const next = new Set<number>();
  for (const state of states) {
    const token = pattern[state];
    if (token === undefined) continue;
    if (token.kind === "star") next.add(state);
    else if (token.kind === "any" || token.char === char) next.add(state + 1);
  }
  return closure(pattern, next);
}

/** A star may also match nothing. */
function closure(pattern: readonly Token[], states: Set<number>): Set<number> {
  for (const state of states) if (pattern[state]?.kind === "star") states.add(state + 1);
  return states;
}

/** The text without the shortest (or longest) head that matches. */
export function trimPrefix(text: string, pattern: string, longest: boolean): string {
  const chars = Array.from(text);
  return chars.slice(matchLength(tokens(pattern), chars, 0, longest) ?? 0).join("");
}

/** The text without the shortest (or longest) tail that matches. */
export function trimSuffix(text: string, pattern: string, longest: boolean): string {
  const chars = Array.from(text).toReversed();
  const length = matchLength(tokens(pattern).toReversed(), chars, 0, longest) ?? 0;
  return chars.slice(length).toReversed().join("");
}

/** The text with the first (or every) longest match replaced. A match of nothing replaces nothing. */
export function replaceMatches(text: string, pattern: string, replacement: string, all: boolean): string {
  const parsed = tokens(pattern);
  const chars = Array.from(text);
  const out: string[] = [];
  for (let at = 0; at < chars.length;) {
    const length = matchLength(parsed, chars, at, true) ?? 0;
    if (length === 0) {
      out.push(chars[at++] ?? "");
      continue;
    }
    out.push(replacement);
    at += length;
    if (!all) return out.join("") + chars.slice(at).join("");
  }
  return out.join("");
}
