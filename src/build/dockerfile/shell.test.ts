import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EngineError } from "#core";
import { expandToWords, expandWord } from "./shell.ts";

const variables: Readonly<Record<string, string>> = {
  v: "value",
  empty: "",
  path: "/usr/local/lib.tar.gz",
  two: "a b",
  n: "v",
};
const lookup = (name: string): string | undefined => variables[name];

describe("expansion", () => {
  test.each([
    ["$v", "value"],
    ["${v}", "value"],
    ["a${v}b$v", "avaluebvalue"],
    ["$none", ""],
    ["\\$v", "$v"],
    ["'$v'", "$v"],
    ['"$v"', "value"],
    ['"a\\"b\\n\\$v"', 'a"b\\n$v'],
    ["a\\ b", "a b"],
    ["a\\", "a"],
    ["$", "$"],
    ["$1x", "x"],
    ["${none:-d}", "d"],
    ["${empty:-d}", "d"],
    ["${empty-d}", ""],
    ["${none-$v}", "value"],
    ["${none:-${other:-deep}}", "deep"],
    ["${v:+a}", "a"],
    ["${empty:+a}", ""],
    ["${empty+a}", "a"],
    ["${none+a}", ""],
    ["${v:?msg}", "value"],
    ["${path#*/}", "usr/local/lib.tar.gz"],
    ["${path##*/}", "lib.tar.gz"],
    ["${path%.*}", "/usr/local/lib.tar"],
    ["${path%%.*}", "/usr/local/lib"],
    ["${path#?usr}", "/local/lib.tar.gz"],
    ["${path/l/L}", "/usr/Local/lib.tar.gz"],
    ["${path//l/L}", "/usr/LocaL/Lib.tar.gz"],
    ["${path//[/]/-}", "/usr/local/lib.tar.gz"],
    ["${v/\\*/x}", "value"],
    ["${none%x}", ""],
  ])("%s is %s", (word, expected) => expect(expandWord(word, lookup, "\\")).toBe(expected));

  test.each([
    ["${v", 'failed to process "${v": unsupported modifier (\uFFFD) in substitution'],
    ["${v!y}", 'failed to process "${v!y}": unsupported modifier (!) in substitution'],
    ["${", "failed to process \"${\": syntax error: missing '}'"],
    ["${}", 'failed to process "${}": syntax error: bad substitution'],
    ["${v:-x", "failed to process \"${v:-x\": syntax error: missing '}'"],
    ["${none:?no way}", 'failed to process "${none:?no way}": none: no way'],
    ["${none?}", 'failed to process "${none?}": none: is not allowed to be unset'],
    ['"x', 'failed to process "\\"x": unexpected end of statement while looking for matching double-quote'],
    ["'x", 'failed to process "\'x": unexpected end of statement while looking for matching single-quote'],
  ])("%s fails", (word, message) => expect(() => expandWord(word, lookup, "\\")).toThrow(message));

  test("another escape character", () => {
    expect(expandWord("C:\\dir`$v", lookup, "`")).toBe("C:\\dir$v");
  });

  test("words are cut after expansion, quoted ones are not", () => {
    expect(expandToWords("x $two '$two' \"$two\" a\\ b", lookup, "\\")).toEqual(["x", "a", "b", "$two", "a b", "a b"]);
  });

  test("nothing but EngineError invalid is thrown", () => {
    const piece = fc.constantFrom(
      "$",
      "{",
      "}",
      "${v",
      ":",
      "-",
      "+",
      "?",
      "#",
      "%",
      "/",
      "*",
      "'",
      '"',
      "\\",
      " ",
      "v",
      "two",
      "é",
      "\ud800",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (parts) => {
        try {
          expandWord(parts.join(""), lookup, "\\");
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("deep nesting and growth are refused, hard patterns are not slow", () => {
    expect(() => expandWord("${a:-".repeat(5000), lookup, "\\")).toThrow("nested too deep");
    const long = (): string => "x".repeat(1024 * 1024);
    expect(() => expandWord("$x$x$x$x$x", long, "\\")).toThrow("longer than");
    expect(expandWord(`\${x##${"*x".repeat(30)}y}`, () => "x".repeat(20_000), "\\")).toHaveLength(20_000);
  });
});
