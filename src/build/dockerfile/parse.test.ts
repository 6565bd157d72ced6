import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { EngineError } from "#core";
import { parseDockerfile, parseTrigger } from "./parse.ts";

const corpus = join(import.meta.dir, "../../../test/corpus/dockerfile");

function outcome(text: string): { error: string } | { value: unknown } {
  try {
    const { directives, ...rest } = parseDockerfile(text);
    return { value: { directives: Object.fromEntries(directives), ...rest } };
  } catch (error) {
    if (error instanceof EngineError && error.code === "invalid") return { error: error.message };
    throw error;
  }
}

describe("corpus", () => {
  const cases = readdirSync(corpus);
  test("is there", () => expect(cases.length).toBeGreaterThan(60));
  test.each(cases)("%s", (name) => {
    const directory = join(corpus, name);
    const text = readFileSync(join(directory, "Dockerfile"), "utf8");
    const error = join(directory, "error.txt");
    if (existsSync(error)) expect(outcome(text)).toEqual({ error: readFileSync(error, "utf8").trimEnd() });
    else expect(outcome(text)).toEqual({ value: JSON.parse(readFileSync(join(directory, "result.json"), "utf8")) });
  });
});

describe("any text", () => {
  const piece = fc.constantFrom(
    "FROM ",
    "RUN ",
    "COPY ",
    "ENV ",
    "ONBUILD ",
    "HEALTHCHECK ",
    "ARG ",
    "LABEL ",
    "--",
    "--from=",
    "=",
    "\\",
    "\\\n",
    "\n",
    "\r\n",
    " ",
    "\t",
    "<<",
    "<<EOF",
    "<<-'E'",
    "EOF\n",
    "#",
    "# escape=`\n",
    '"',
    "'",
    "[",
    "]",
    '["a"]',
    ",",
    "$",
    "${",
    "}",
    "a",
    "b",
    "`",
    "\0",
    "é",
    "\ud800",
  );
  test("gives a result or EngineError invalid", () => {
    const text = fc.array(piece, { maxLength: 60 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (value) => void outcome(value)),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(text, (value) => void outcome(`FROM x\n${value}`)),
      { numRuns: 3000 },
    );
  });

  test.each([
    ["blanks", " ".repeat(60_000)],
    ["carriage returns", `${"\r".repeat(60_000)}x`],
    ["open quotes", `"'`.repeat(30_000)],
    ["escapes", "\\ ".repeat(30_000)],
    ["brackets", "[".repeat(60_000)],
    ["heredoc marks", "<<A ".repeat(15_000)],
    ["dashes", "--".repeat(30_000)],
    ["equal signs", "= ".repeat(30_000)],
  ])("is read in one pass: %s", (_name, text) => {
    for (const keyword of ["RUN", "ENV", "COPY", "ONBUILD RUN", "HEALTHCHECK", "#"])
      outcome(`FROM x\n${keyword} ${text}\n`);
  });
});

test("a trigger is one instruction", () => {
  expect(parseTrigger("RUN <<EOF\nx\nEOF")).toMatchObject({ kind: "RUN", heredocs: [{ content: "x\n" }] });
  expect(() => parseTrigger("RUN a\nRUN b")).toThrow("onbuild trigger should be a single expression");
  expect(() => parseTrigger("FROM x")).toThrow("FROM isn't allowed as an ONBUILD trigger");
});
