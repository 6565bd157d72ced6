import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTestTree } from "../../../test/support/remove.ts";
import {
  assertsDirectory,
  checkLocalOutput,
  followed,
  keepEnd,
  localDestination,
  localPath,
  localSource,
  splitCopyArgument,
  splitEntry,
} from "./copy-paths.ts";

test.each([
  ["c:/a", "c", "/a"],
  ["c:", "c", ""],
  ["c:a:b", "c", "a:b"],
  ["/a:b", "", "/a:b"],
  ["./a:b", "", "./a:b"],
  ["../a:b", "", "../a:b"],
  [".x:b", "", ".x:b"],
  ["a", "", "a"],
  ["-", "", "-"],
  [":/a", "", "/a"],
])("%j names container %j and path %j", (text, container, path) => {
  expect(splitCopyArgument(text)).toEqual({ container, path });
});

test.each([
  ["/a/b", "/a", "b"],
  ["/a/b/", "/a", "b"],
  ["/a/b/.", "/a/b", "."],
  ["/", "/", "/"],
  ["/.", "/", "."],
  ["a", ".", "a"],
  ["", ".", "."],
])("%j is entry %j of a directory", (path, directory, base) => {
  expect(splitEntry(path)).toEqual({ directory, base });
});

test.each([
  ["/a/b", "b/", "/a/b/"],
  ["/a/b", "b/.", "/a/b/."],
  ["/a/b", ".", "/a/b/."],
  ["/", "x/..", "/"],
  ["/a", "b", "/a"],
])("%j keeps the end of %j", (clean, original, expected) => {
  expect(keepEnd(clean, original)).toBe(expected);
});

test("what asks for a directory", () => {
  expect(["a/", ".", "", "a/."].map(assertsDirectory)).toEqual([true, true, true, true]);
  expect(["a", "..", "a.", "/a/.b"].map(assertsDirectory)).toEqual([false, false, false, false]);
});

test("a link that was followed keeps the name it was asked by", () => {
  expect(followed("/x/link", "/y/file")).toEqual({ path: "/y/file", rebaseName: "link" });
  expect(followed("/x/same", "/y/same")).toEqual({ path: "/y/same" });
  expect(followed("/x/link/.", "/y/dir")).toEqual({ path: "/y/dir/." });
});

describe("local paths", () => {
  let top = "";
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), "cp-"));
    mkdirSync(join(top, "dir"));
    writeFileSync(join(top, "file"), "");
    symlinkSync("file", join(top, "link"));
    symlinkSync("dir", join(top, "dirlink"));
    symlinkSync("gone", join(top, "dangling"));
    symlinkSync("circle", join(top, "circle"));
    symlinkSync("new", join(top, "tonew"));
  });
  afterEach(() => removeTestTree(top));
  const at = (name: string): string => localPath(top, name);

  test("sources, links followed or not", () => {
    expect(localSource(at("file"), false)).toEqual({ path: at("file"), exists: true, isDirectory: false });
    expect(localSource(at("link"), false)).toMatchObject({ path: at("link"), isDirectory: false });
    expect(localSource(at("link"), true)).toMatchObject({ path: at("file"), rebaseName: "link" });
    expect(localSource(at("dirlink"), false)).toMatchObject({ path: at("dirlink"), isDirectory: false });
    expect(localSource(at("dirlink/."), false)).toMatchObject({ path: at("dir/."), isDirectory: true });
    expect(localSource(at("dirlink/"), false)).toMatchObject({ isDirectory: true, rebaseName: "dirlink" });
  });

  test.each([
    ["nope", false, "lstat TOP/nope: no such file or directory"],
    ["nope/x/y", false, "lstat TOP/nope: no such file or directory"],
    ["dangling", true, "lstat TOP/gone: no such file or directory"],
    ["file/", false, "not a directory"],
    ["file/.", false, "not a directory"],
  ])("source %j (follow %p) is refused", (name, follow, message) => {
    expect(() => localSource(at(name), follow)).toThrow(message.replace("TOP", top));
  });

  test("destinations follow links, also to what is not there yet", () => {
    expect(localDestination(at("dirlink"))).toEqual({ path: at("dir"), exists: true, isDirectory: true });
    expect(localDestination(at("tonew"))).toEqual({ path: at("new"), exists: false, isDirectory: false });
    expect(localDestination(at("dir/x/"))).toEqual({ path: at("dir/x/"), exists: false, isDirectory: false });
    expect(() => localDestination(at("circle"))).toThrow(`too many symlinks in ${at("circle")}`);
    expect(() => localDestination(at("nope/x"))).toThrow(`stat ${at("nope")}: no such file`);
  });

  test("outputs that cannot be are refused before anything is asked for", () => {
    expect(() => checkLocalOutput(at("nope/x"))).toThrow(
      `invalid output path: directory ${JSON.stringify(at("nope"))} does not exist`,
    );
    expect(() => checkLocalOutput(at("file/"))).toThrow(`stat ${at("file/")}: not a directory`);
    expect(() => checkLocalOutput("/dev/null")).toThrow(
      '"/dev/null" must be a directory or a regular file: got a device',
    );
    checkLocalOutput(at("new"));
    checkLocalOutput(at("dir"));
  });
});
