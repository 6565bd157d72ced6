import { describe, expect, test } from "bun:test";
import { createIgnoreMatcher, matchGlob, parseIgnoreFile } from "./mod.ts";

const invalid: unknown = expect.objectContaining({ code: "invalid" });

describe("matchGlob is Go's filepath.Match", () => {
  test.each([
    ["abc", "abc", true],
    ["*", "abc", true],
    ["*c", "abc", true],
    ["a*", "a", true],
    ["a*", "ab/c", false],
    ["a*/b", "abc/b", true],
    ["a*/b", "a/c/b", false],
    ["a*b*c*d*e*/f", "axbxcxdxe/f", true],
    ["a*b*c*d*e*/f", "axbxcxdxexxx/fff", false],
    ["a*b?c*x", "abxbbxdbxebxczzx", true],
    ["a*b?c*x", "abxbbxdbxebxczzy", false],
    ["ab[c]", "abc", true],
    ["ab[e-g]", "abc", false],
    ["ab[^c]", "abc", false],
    ["ab[^b-d]", "abe", true],
    ["a\\*b", "a*b", true],
    ["a\\*b", "ab", false],
    ["a?b", "a☺b", true],
    ["a[^a][^a]b", "a☺b", false],
    ["[a-ζ]*", "α", true],
    ["*[a-ζ]", "A", false],
    ["a?b", "a/b", false],
    ["a*b", "a/b", false],
    ["[\\]a]", "]", true],
    ["[\\-x]", "-", true],
    ["[x\\-]", "-", true],
    ["*x", "xxx", true],
    ["**", "a/b", false],
    ["", "", true],
    ["", "x", false],
    ["*", "", true],
  ])("%p %p", (pattern, name, expected) => expect(matchGlob(pattern, name)).toBe(expected));

  test.each(["[]a]", "[-]", "[x-]", "[-x]", "a\\", "[", "[^", "[^bc", "a[", "[a-b-c]"])(
    "%p is a bad pattern",
    (pattern) => {
      expect(() => matchGlob(pattern, "a")).toThrow(invalid);
    },
  );

  test("hostile patterns take linear time", () => {
    expect(matchGlob(`${"a*".repeat(200)}b`, "a".repeat(2000))).toBe(false);
  });
});

describe(".dockerignore", () => {
  test("comments, blanks, slashes, a byte order mark", () => {
    expect(parseIgnoreFile("\uFEFF# one\n\n  /a/ \n ! /b/../c\n #kept\n./d//e\n.\n")).toEqual([
      "a",
      "!c",
      "#kept",
      "d/e",
      ".",
    ]);
  });

  test.each([
    [["foo"], "foo", true],
    [["foo"], "foo/bar", true],
    [["foo"], "a/foo", false],
    [["/foo/"], "foo", true],
    [["**/foo"], "foo", true],
    [["**/foo"], "a/b/foo/c", true],
    [["*/foo"], "a/foo", true],
    [["*/foo"], "a/b/foo", false],
    [["a/**"], "a/b/c", true],
    [["a/**"], "a", false],
    [["**"], "a/b", true],
    [["a/**/b"], "a/b", true],
    [["a/**/b"], "a/x/y/b", true],
    [["**/*.go"], "x/y.go", true],
    [["*.md", "!README.md"], "README.md", false],
    [["*.md", "!README*.md", "README-secret.md"], "README-secret.md", true],
    [["!README.md", "*.md"], "README.md", true],
    [["dir", "!dir/keep"], "dir/keep", false],
    [["dir", "!dir/keep"], "dir/keep/below", false],
    [["dir", "!dir/keep"], "dir/other", true],
    [["*", "!a"], "a/b", false],
    [["."], "a", false],
    [["temp?"], "tempa", true],
    [["temp?"], "temp", false],
    [["A"], "a", false],
    [["a\\*"], "a*", true],
    [["a\\*"], "ab", false],
    [[], "a", false],
  ])("%p excludes %p: %p", (lines, path, expected) => {
    expect(createIgnoreMatcher(lines).excludes(path)).toBe(expected);
  });

  test.each([
    [["dir"], "dir", true],
    [["dir"], "dir/sub", true],
    [["dir"], "other", false],
    [["dir", "!dir/sub/keep"], "dir", false],
    [["dir", "!dir/sub/keep"], "dir/sub", false],
    [["dir", "!dir/sub/keep"], "dir/else", true],
    [["dir", "!**/keep"], "dir/any", false],
    [["dir", "!other/**"], "dir", true],
    [["!dir/keep", "dir"], "dir", true],
    [["*", "!s*/x"], "src", false],
    [["*", "!s*/x"], "test", true],
    [["dir", "!dir"], "dir", false],
  ])("%p prunes %p: %p", (lines, path, expected) => expect(createIgnoreMatcher(lines).prunes(path)).toBe(expected));

  test.each([["!"], ["a["], ["! "]])("%p is an error", (line) =>
    expect(() => createIgnoreMatcher([line])).toThrow(invalid),
  );
});
