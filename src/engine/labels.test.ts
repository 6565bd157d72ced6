import { expect, test } from "bun:test";
import { matchesLabel } from "./labels.ts";

test.each([
  ["a", true],
  ["a=b=c", true],
  ["a=b", false],
  ["a=", false],
  ["empty=", true],
  ["b", false],
  ["", false],
  ["constructor", false],
  ["__proto__", false],
])("a label filter %j: %p", (wanted, expected) => {
  expect(matchesLabel({ a: "b=c", empty: "" }, wanted)).toBe(expected);
});
