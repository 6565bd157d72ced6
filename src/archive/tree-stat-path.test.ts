import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { assertsDirectory, resolvePath, shownPath, statPath } from "./mod.ts";
import { makeScratch } from "./testing.ts";

let scratch: ReturnType<typeof makeScratch>;
let root = "";
beforeEach(() => {
  scratch = makeScratch();
  root = `${scratch.path}/tree`;
  mkdirSync(`${root}/a/b`, { recursive: true });
  writeFileSync(`${root}/a/b/f`, "hi\n");
  chmodSync(`${root}/a/b`, 0o2750);
  utimesSync(`${root}/a/b/f`, 1.5, 1.5);
  symlinkSync("b", `${root}/a/l`);
  symlinkSync("/a/b/f", `${root}/a/lf`);
  symlinkSync("nowhere/x", `${root}/a/dangling`);
  symlinkSync("../../../../../../a/l", `${root}/a/up`);
  symlinkSync(`${scratch.path}/secret`, `${root}/out`);
  symlinkSync("loop", `${root}/loop`);
  mkdirSync(`${scratch.path}/secret`);
  writeFileSync(`${scratch.path}/secret/key`, "k");
});
afterEach(() => scratch[Symbol.dispose]());

const directory = 0o040000;
const symlink = 0o120777;

describe("statPath", () => {
  test.each([
    ["/", directory | 0o755],
    ["", directory | 0o755],
    ["/a/b", directory | 0o2750],
    ["a/b/", directory | 0o2750],
    ["../../a/./b/../b", directory | 0o2750],
    ["/a/b/f", 0o100644],
    ["/a/l", symlink],
    ["/a/l/", directory | 0o2750],
    ["/a/l/.", directory | 0o2750],
    ["/a/l/f", 0o100644],
    ["/a/up/f", 0o100644],
  ])("mode at %j", (path, mode) => {
    expect(statPath(root, path)?.mode).toBe(mode);
  });

  test("size and time", () => {
    expect(statPath(root, "a/b/f")).toMatchObject({ size: 3, mtimeNs: 1_500_000_000n, isDirectory: false });
  });

  test.each(["/nope", "/nope/x", "/a/dangling/", "/a/dangling/y", "/out/key"])("nothing at %j", (path) => {
    expect(statPath(root, path)).toBeUndefined();
  });

  test.each(["/a/b/f/", "/a/b/f/.", "/a/b/f/x", "/a/lf/"])("%j is no directory, in Docker's words", (path) => {
    expect(() => statPath(root, path)).toThrow(`lstat ${path}: not a directory`);
  });

  test.each([
    ["/a/l", "/a/b"],
    ["/a/lf", "/a/b/f"],
    ["/a/dangling", "/a/nowhere/x"],
    ["/a/up", "/a/b"],
    ["/a/b/f", ""],
  ])("target of %j is %j", (path, target) => {
    expect(statPath(root, path)?.linkTarget).toBe(target);
  });

  test("a link out of the tree is looked up inside it", () => {
    expect(statPath(root, "/out")?.linkTarget).toBe(`${scratch.path}/secret`);
    expect(statPath(root, "/out/")).toBeUndefined();
  });

  test("a loop is an error, not an end without one", () => {
    expect(() => statPath(root, "/loop")).toThrow("too many levels of symbolic links");
    expect(() => statPath(root, "/loop/")).toThrow("goes through a link");
  });
});

test("resolvePath follows every link, inside the tree", () => {
  expect(resolvePath(root, "/a/l")).toBe("a/b");
  expect(resolvePath(root, "/a/up/new/file")).toBe("a/b/new/file");
  expect(resolvePath(root, "/out")).toBe(`${scratch.path}/secret`.slice(1));
  expect(resolvePath(root, "..")).toBe("");
});

test.each([
  ["", "/", true],
  ["/", "/", true],
  [".", "/.", true],
  ["/.", "/.", true],
  ["a", "/a", false],
  ["/a/", "/a/", true],
  ["/a/.", "/a/.", true],
  ["/a/..", "/", false],
  ["/a/.b", "/a/.b", false],
  ["a//b/../c/", "/a/c/", true],
])("%j is shown as %j; asks for a directory: %p", (path, shown, asks) => {
  expect(shownPath(path)).toBe(shown);
  expect(assertsDirectory(path)).toBe(asks);
});
