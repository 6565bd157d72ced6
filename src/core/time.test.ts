import { expect, test } from "bun:test";
import { parseTime } from "./time.ts";

const now = 1_000_000_000_000_000n;

test.each([
  ["", undefined],
  ["0", undefined],
  ["1700000000", 1_700_000_000_000_000_000n],
  ["1700000000.000000001", 1_700_000_000_000_000_001n],
  ["1.5", 1_500_000_000n],
  ["1970-01-01T00:00:01Z", 1_000_000_000n],
  ["1970-01-01T00:00:01.000000002Z", 1_000_000_002n],
  ["1970-01-01T01:00:00+01:00", 0n],
  ["1970-01-02", 86_400_000_000_000n],
  ["1970-01-01T00:01", 60_000_000_000n],
  ["1m30s", now - 90_000_000_000n],
  ["1.5h", now - 5_400_000_000_000n],
  ["-10s", now + 10_000_000_000n],
])("%p", (text, expected) => {
  expect(parseTime(text, now)).toBe(expected);
});

test.each(["abc", "1x", "2024-13-01", "1e3", "10 s"])("%p is refused", (text) => {
  expect(() => parseTime(text, now)).toThrow("failed to parse value as time or duration");
});
