import { describe, expect, test } from "bun:test";
import { parseSignal, signalName } from "./signals.ts";

describe("signals", () => {
  test.each([
    ["TERM", 15],
    ["sigterm", 15],
    ["15", 15],
    ["SIGCHLD", 17],
    ["CLD", 17],
    ["RTMIN", 34],
    ["SIGRTMIN+3", 37],
    ["rtmax-1", 63],
    ["RTMAX", 64],
  ])("%s is %d", (text, number) => expect(parseSignal(text)).toBe(number));

  test.each(["FOO", "", "0", "65", "-1", "SIGRTMIN+31", "RTMAX-31", "15x", "SIGSIGTERM"])("refuses %j", (text) => {
    expect(() => parseSignal(text)).toThrow(`invalid signal: ${text}`);
  });

  test("every number's name leads back to it", () => {
    for (let number = 1; number <= 64; number++) expect(parseSignal(signalName(number))).toBe(number);
    expect([6, 29, 31, 37].map(signalName)).toEqual(["SIGABRT", "SIGIO", "SIGSYS", "SIGRTMIN+3"]);
  });
});
