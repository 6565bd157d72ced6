import { expect, test } from "bun:test";
import fc from "fast-check";
import { MessageAssembler, type LogMessage } from "./message.ts";

const entry = (stream: string, tag: string, content: string, at = "2026-11-21T04:01:05.5Z"): string =>
  `${at} ${stream} ${tag} ${content}\n`;
const shown = (messages: readonly LogMessage[]): string[] =>
  messages.map(({ stream, text, partial }) => {
    const part = partial ? ` ${partial.ordinal}${partial.isLast ? "!" : ""}` : "";
    return `${stream}:${text.length > 50 ? text.length : text.toString()}${part}`;
  });

test("pieces of each stream are joined to their lines", () => {
  const block = [
    entry("stdout", "P", "fo"),
    entry("stderr", "F", "err"),
    entry("stdout", "F", "o"),
    entry("stdout", "F", ""),
  ];
  expect(shown(new MessageAssembler().add(Buffer.from(block.join(""))))).toEqual([
    "stderr:err",
    "stdout:foo",
    "stdout:",
  ]);
});

test("a line beyond 16 KiB is cut as Docker cuts it, all parts with the time of the first", () => {
  const later = "2026-11-21T04:01:09Z";
  const block = entry("stdout", "P", "x".repeat(20_000)) + entry("stdout", "F", "y".repeat(13_000), later);
  const messages = new MessageAssembler().add(Buffer.from(block));
  expect(shown(messages)).toEqual(["stdout:16384 1", "stdout:16384 2", "stdout:232 3!"]);
  expect(new Set(messages.map(({ timeNs }) => timeNs)).size).toBe(1);
});

test("what has no newline comes at the end, and not before", () => {
  const assembler = new MessageAssembler();
  expect(assembler.add(Buffer.from(entry("stdout", "P", "prompt> ")))).toEqual([]);
  expect(shown(assembler.flush())).toEqual(["stdout:prompt>  1"]);
  expect(assembler.flush()).toEqual([]);
});

test("cut anywhere and gone on with by another engine, the messages are the same", () => {
  const pieces = fc.array(
    fc.record({
      stream: fc.constantFrom("stdout", "stderr"),
      tag: fc.constantFrom("F", "P"),
      length: fc.constantFrom(0, 1, 7, 8192, 16_384, 16_385),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(pieces, fc.nat(30), (list, at) => {
      const lines = list.map(({ stream, tag, length }, index) => entry(stream, tag, String(index % 10).repeat(length)));
      const whole = new MessageAssembler();
      const expected = [...shown(whole.add(Buffer.from(lines.join("")))), ...shown(whole.flush())];
      const first = new MessageAssembler();
      const before = shown(first.add(Buffer.from(lines.slice(0, at).join(""))));
      const second = new MessageAssembler(
        JSON.parse(JSON.stringify(first.pending())) as ReturnType<typeof first.pending>,
      );
      const after = [...shown(second.add(Buffer.from(lines.slice(at).join("")))), ...shown(second.flush())];
      expect([...before, ...after]).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});
