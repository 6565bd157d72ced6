import { expect, test } from "bun:test";
import { ExecOutput } from "./exec-output.ts";
import { terminalTail } from "./terminal-tail.ts";

const text = (log: string): string => Buffer.from(terminalTail(log)).toString();

test("pieces of crun's log make the end of the output", () => {
  expect(text("")).toBe("");
  expect(text("hi\r\n\n")).toBe("hi\r\n");
  const long = Array.from({ length: 300 }, (_, number) => `${number}\r\n`).join("");
  const pieces = long.match(/[^]{1,255}/g) ?? [];
  expect(text(pieces.map((piece) => `${piece}\n`).join(""))).toBe(long);
});

test("an error of crun is no output", () => {
  expect(text('{"msg":"exec: Exec format error","level":"error","time":"2026"}\n')).toBe("");
});

test("the tail comes after what was under way", async () => {
  const output = new ExecOutput();
  output.appendAtEnd("stdout", Buffer.from("tail"));
  output.push("stdout", Buffer.from("first "));
  await output.drain();
  const chunks = await Array.fromAsync(output, ({ data }) => Buffer.from(data).toString());
  expect(chunks.join("")).toBe("first tail");
});
