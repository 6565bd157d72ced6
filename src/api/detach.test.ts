import { expect, test } from "bun:test";
import fc from "fast-check";
import { createDetachFilter, parseDetachKeys } from "./mod.ts";

/** Feeds chunks until the sequence is complete. */
function run(keys: string, chunks: readonly string[]): { readonly out: string; readonly detached: boolean } {
  const filter = createDetachFilter(parseDetachKeys(keys));
  let out = "";
  for (const chunk of chunks) {
    const { data, detached } = filter.push(Buffer.from(chunk, "latin1"));
    out += Buffer.from(data).toString("latin1");
    if (detached) return { out, detached };
  }
  return { out: out + Buffer.from(filter.flush()).toString("latin1"), detached: false };
}

test("keys are parsed as Docker writes them", () => {
  expect([...parseDetachKeys("")]).toEqual([16, 17]);
  expect([...parseDetachKeys("ctrl-a,X,ctrl-\\,ctrl-@")]).toEqual([1, 88, 28, 0]);
  for (const bad of ["foo", "ctrl-", "ctrl-1", "a,,b", "ctrl-ä", "ä"]) {
    expect(() => parseDetachKeys(bad)).toThrow(`Invalid detach keys (${bad}) provided`);
  }
});

test.each([
  ["", ["ls\n"], "ls\n", false],
  ["", ["a\x10\x11b"], "a", true],
  ["", ["a\x10", "\x11b"], "a", true],
  ["", ["\x10", "x"], "\x10x", false],
  ["", ["\x10"], "\x10", false],
  ["", ["\x10\x10\x11"], "\x10", true],
  ["a,a,b", ["aa", "ab"], "a", true],
  ["a,b,a,c", ["ababac"], "ab", true],
  ["ctrl-c", ["x\x03y"], "x", true],
])("keys %p, input %p", (keys, chunks, out, detached) => {
  expect(run(keys, chunks)).toEqual({ out, detached });
});

test("chunks make no difference, and what passes is the input up to the sequence", () => {
  const letters = fc.constantFrom("a", "b");
  const texts = fc.array(letters, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(texts, fc.array(fc.array(letters).map((chunk) => chunk.join(""))), (keys, chunks) => {
      const input = chunks.join("");
      const at = input.indexOf(keys.join(""));
      const expected = at < 0 ? { out: input, detached: false } : { out: input.slice(0, at), detached: true };
      expect(run(keys.join(","), chunks)).toEqual(expected);
    }),
  );
});
