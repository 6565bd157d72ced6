import { expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isTestTree, removeTestTree } from "./remove.ts";
import { tag } from "./tag.ts";

test("a tree of a test is removed, and its absence is fine", () => {
  const root = mkdtempSync(join(tmpdir(), "tree-"));
  mkdirSync(join(root, "a/b"), { recursive: true });
  removeTestTree(root);
  expect(existsSync(root)).toBeFalse();
  removeTestTree(root);
});

const refused = ["", ".", "..", "a", "/", "//", "/tmp", "/tmp/", "/tmp/x", "/var/tmp", "/home", '")))', `tmp/${tag}x`];
const escaping = [`/tmp/${tag}`, `/tmp/${tag}/`, `/tmp/${tag}x/..`, `/tmp/${tag}x/../../x`, `/x/tmp/${tag}x`];

test.each(refused.concat(escaping))("%j is no tree of a test", (path) => {
  expect(isTestTree(path)).toBeFalse();
});

test("something else is refused before anything happens", () => {
  expect(() => removeTestTree("lighter-test-no-such-directory")).toThrow("not a directory of a test");
});
