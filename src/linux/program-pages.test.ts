import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { releaseProgramText } from "./program-pages.ts";

/** Resident kilobytes of files and shared memory. */
function residentFiles(): number {
  return Number(/^RssFile:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
}

test("the program's code leaves memory and comes back when it runs", () => {
  const before = residentFiles();
  expect(releaseProgramText()).toBeGreaterThan(1 << 20);
  const after = residentFiles();
  expect(after).toBeLessThan(before * 0.8);
  expect(JSON.parse(JSON.stringify({ still: ["here"] }))).toEqual({ still: ["here"] });
  expect(releaseProgramText()).toBeGreaterThan(1 << 20);
});
