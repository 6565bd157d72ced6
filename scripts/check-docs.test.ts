import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { removeTestTree } from "../test/support/remove.ts";
import { checkDocs } from "./check-docs.ts";

let root: string;
let trees = 0;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), `lighter-test-${process.pid}-docs-`));
});
afterAll(() => removeTestTree(root));

function plant(files: Readonly<Record<string, string>>): readonly string[] {
  const tree = join(root, String(trees++));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  return checkDocs(tree).problems;
}

test("a door without a docstring, or with a token one, is reported", () => {
  const docstring = "/**\n * content: every blob by its digest, verified while it streams.\n */\n";
  expect(plant({ "src/a/mod.ts": "export {};", "src/b/mod.ts": "/** b */", "src/c/d/mod.ts": docstring })).toEqual([
    "src/a/mod.ts:1: no docstring at the top",
    "src/b/mod.ts:1: no docstring at the top",
  ]);
});

test("links to missing files and headings are reported", () => {
  const page =
    "# One\n[ok](docs/b.md) [gone](docs/c.md)\n[h](docs/b.md#two-words) [x](docs/b.md#three)\n[self](#one)\n";
  expect(plant({ "README.md": page, "docs/b.md": "## Two words\n[up](../README.md)" })).toEqual([
    "README.md:2: link to docs/c.md: docs/c.md does not exist",
    "README.md:3: link to docs/b.md#three: no such heading",
  ]);
});

test("links in code and to other sites are left alone", () => {
  expect(plant({ "a.md": "```\n[x](nowhere)\n```\n`[x](nowhere)` [y](https://example.com/z)" })).toEqual([]);
});

test("reference links are followed", () => {
  expect(plant({ "a.md": "see [x]\n\n[x]: nowhere.md\n" })).toEqual([
    "a.md:3: link to nowhere.md: nowhere.md does not exist",
  ]);
});

test("an empty tree is refused", () => {
  const tree = join(root, "empty");
  mkdirSync(tree);
  const run = Bun.spawnSync([process.execPath, join(import.meta.dirname, "check-docs.ts"), tree]);
  expect(run.exitCode).toBe(1);
});
