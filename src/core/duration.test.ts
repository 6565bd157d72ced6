import { describe, expect, test } from "bun:test";
import { formatAge, formatDuration, parseDuration } from "./duration.ts";

describe("Go durations", () => {
  test.each([
    ["0", 0],
    ["-0", 0],
    ["1h30m", 5_400e9],
    ["-1.5s", -1.5e9],
    ["+.5m", 30e9],
    ["300ms", 3e8],
    ["1µs1μs1us1ns", 3001],
  ])("%s is %d ns", (text, ns) => expect(parseDuration(text)).toBe(ns));

  test.each([
    ["", 'invalid duration ""'],
    ["x", 'invalid duration "x"'],
    ["1 s", 'invalid duration "1 s"'],
    ["1e3s", 'unknown unit "e" in duration "1e3s"'],
    ["5", 'missing unit in duration "5"'],
    ["1d", 'unknown unit "d" in duration "1d"'],
    ["3000000h", 'invalid duration "3000000h"'],
    [`${"1".repeat(80)}s`, "invalid duration"],
  ])("%j is refused", (text, fault) => expect(() => parseDuration(text)).toThrow(fault));

  test.each(["0s", "1ns", "1.5µs", "300ms", "1.5s", "1m30s", "1h0m0s", "-1h30m0s"])("%s is its own text", (text) => {
    expect(formatDuration(parseDuration(text))).toBe(text);
  });
});

test.each([
  [0.2, "Less than a second"],
  [1.9, "1 second"],
  [59, "59 seconds"],
  [61, "About a minute"],
  [3599, "59 minutes"],
  [3600, "About an hour"],
  [47 * 3600, "47 hours"],
  [48 * 3600, "2 days"],
  [14 * 86400, "2 weeks"],
  [60 * 86400, "2 months"],
  [730 * 86400, "2 years"],
])("an age of %p seconds", (seconds, text) => {
  expect(formatAge(seconds)).toBe(text);
});
