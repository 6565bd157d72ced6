import { expect, test } from "bun:test";
import { parseMode } from "./mode.ts";

test.each([
  ["755", 0o600, 0o755],
  ["04711", 0o600, 0o4711],
  ["u=rwX,go=rX", 0o600, 0o644],
  ["u=rwX,go=rX", 0o700, 0o755],
  ["+x", 0o644, 0o755],
  ["a-w,u+s", 0o755, 0o4555],
  ["o=", 0o777, 0o770],
  ["g+s,+t", 0o755, 0o3755],
])("%s on %p", (text, mode, expected) => expect(parseMode(text)(mode, false)).toBe(expected));

test("X gives directories their x", () => expect(parseMode("a=rX")(0o600, true)).toBe(0o555));

test.each(["", "888", "17777", "u+q", "755 ", "u"])("%p is refused", (text) => {
  expect(() => parseMode(text)).toThrow("invalid chmod parameter");
});
