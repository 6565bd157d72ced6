import { expect, test } from "bun:test";
import { dirname, resolve } from "node:path";
import { directoryOf, resolvePath } from "./paths.ts";

test.each(["a", "./a/b", "../a", "../../../..", "/a//b/./c/..", "/", ".", "a/", "/.."])(
  "%p as node:path has it",
  (path) => {
    expect(resolvePath("/home/me", path)).toBe(resolve("/home/me", path));
    expect(directoryOf(resolvePath("/home/me", path))).toBe(dirname(resolve("/home/me", path)));
  },
);
