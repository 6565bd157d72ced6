import { expect, test } from "bun:test";
import fc from "fast-check";
import { compilePattern } from "./linear-pattern.ts";

test.each([
  ["web", "my-web-1", true],
  ["^web$", "web", true],
  ["^web$", "web1", false],
  ["^/web", "/web1", true],
  ["w.b", "wxb", true],
  ["w\\.b", "wxb", false],
  ["(db|web)[-_]\\d+$", "p-web_12", true],
  ["(db|web)[-_]\\d+$", "p-app_12", false],
  ["a{2,3}b", "aab", true],
  ["^a{2}$", "aaa", false],
  ["^a{2,}$", "aaaa", true],
  ["a{2,3", "a{2,3", true],
  ["^[^a-c]+$", "xyz", true],
  ["^[^a-c]+$", "xbz", false],
  ["^[]a]+$", "a]", true],
  ["[a-]", "-", true],
  ["^\\w+\\W\\D\\S$", "ab-xy", true],
  ["^(?:ab)*?$", "abab", true],
  ["^(a|b|)c$", "c", true],
  ["", "anything", true],
  ["^$", "", true],
  ["x*", "", true],
  ["\\Aend\\z", "end", true],
])("%s on %j: %p", (pattern, text, expected) => {
  expect(compilePattern(pattern)?.test(text)).toBe(expected);
});

test.each([
  "(",
  ")",
  "*a",
  "a**",
  "[",
  "[z-a]",
  "a{3,2}",
  "a{1001}",
  "\\",
  "(?=a)",
  "\\1",
  "[[:alpha:]]",
  "x".repeat(1001),
])("%s is no pattern", (pattern) => {
  expect(compilePattern(pattern)).toBeUndefined();
});

test("agrees with JavaScript where both know the pattern", () => {
  const atom = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "\\d", "(a|b)", "(?:ab)", "^", "$");
  const quantified = fc.tuple(atom, fc.constantFrom("", "*", "+", "?", "{1,2}", "{2}")).map(([base, times]) => {
    return base === "^" || base === "$" ? base : base + times;
  });
  const pattern = fc.array(quantified, { maxLength: 6 }).map((parts) => parts.join(""));
  const text = fc.string({ unit: fc.constantFrom("a", "b", "1"), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (source, given) => {
      expect(compilePattern(source)?.test(given)).toBe(new RegExp(source).test(given));
    }),
    { numRuns: 500 },
  );
});

test("a pattern made to take for ever takes steps in proportion", () => {
  // A backtracking matcher takes 2^60 of them.
  expect(compilePattern("^(a+)+$")?.test(`${"a".repeat(60)}!`)).toBe(false);
  expect(compilePattern(`${"a?".repeat(60)}${"a".repeat(60)}$`)?.test("a".repeat(59))).toBe(false);
  expect(compilePattern("((a{0,100}){0,100}){0,100}")).toBeUndefined();
});
