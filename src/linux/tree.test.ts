import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { isEngineError } from "#core";
import { mountTmpfs, unmount } from "./mounts.ts";
import {
  cleanPath,
  closeDescriptor,
  createFileAt,
  decodeName,
  encodeName,
  listDirectory,
  makeDevice,
  makeDirectoryAt,
  openDirectoryAt,
  removeTree,
  removeTreeAt,
  setTimesAt,
  statAt,
  TreeRoot,
  unlinkAt,
  writeAll,
} from "./tree-door.ts";

const isRoot = process.getuid?.() === 0;
let base = "";
let root: TreeRoot;
beforeEach(() => {
  base = mkdtempSync("/var/tmp/lighter-tree-");
  mkdirSync(`${base}/root`);
  root = new TreeRoot(`${base}/root`);
});
afterEach(() => {
  root[Symbol.dispose]();
  if (base.startsWith("/var/tmp/lighter-tree-")) rmSync(base, { recursive: true, force: true });
});

describe("names", () => {
  const cases = [
    [0x61, 0xff, 0x62],
    [0xc3, 0x28],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x9f, 0x98],
    [0xc3, 0xb6, 0x80],
    [0xef, 0xbf, 0xbd],
  ];
  test.each(cases.map((bytes) => ({ bytes })))("bytes $bytes survive", ({ bytes }) => {
    expect([...encodeName(decodeName(Uint8Array.from(bytes)))]).toEqual(bytes);
  });

  test("a surrogate that no byte made is refused", () => expect(() => encodeName("\ud800")).toThrow("invalid name"));

  test.each([
    ["a/./b//c/", "a/b/c"],
    ["/../../x", "x"],
    ["a/../../b", "b"],
    [".", ""],
    ["..a/b..", "..a/b.."],
  ])("%p cleans to %p", (path, clean) => expect(cleanPath(path)).toBe(clean));

  test("device numbers are those of glibc", () => {
    expect(makeDevice(1, 3)).toBe(0x103n);
    expect(makeDevice(8, 0x101)).toBe(0x100801n);
  });
});

describe("calls refuse what would reach another directory", () => {
  test.each([-1, -100, 1.5, Number.NaN])("descriptor %p", (descriptor) => {
    for (const call of [statAt, unlinkAt, createFileAt]) {
      expect(() => call(descriptor, "x")).toThrow(expect.objectContaining({ code: "internal" }));
    }
  });

  test.each(["", ".", "..", "a/b", "/etc", "a\0b"])("name %p", (name) => {
    for (const call of [statAt, unlinkAt, createFileAt]) {
      expect(() => call(root.descriptor, name)).toThrow(expect.objectContaining({ code: "invalid" }));
    }
  });

  test("a root that was disposed", () => {
    root[Symbol.dispose]();
    expect(() => root.directory("")).toThrow("not an open descriptor");
    expect(() => root.makeDirectories("a")).toThrow("not an open descriptor");
  });

  test("a root by a relative path", () => expect(() => new TreeRoot("tmp")).toThrow("not an absolute path"));
});

describe("TreeRoot", () => {
  test("absolute links and dots end at the root", () => {
    mkdirSync(`${base}/root/etc`);
    symlinkSync("/etc", `${base}/root/absolute`);
    symlinkSync("../../../../etc", `${base}/root/climbing`);
    for (const name of ["absolute", "climbing"]) {
      const file = createFileAt(root.directory(name), `lighter-from-${name}`);
      writeAll(file, Buffer.from("x"));
      closeDescriptor(file);
      expect(existsSync(`${base}/root/etc/lighter-from-${name}`)).toBe(true);
    }
  });

  test("openBeneath refuses links and parents", () => {
    writeFileSync(`${base}/canary`, "");
    symlinkSync("/etc", `${base}/root/link`);
    for (const path of ["link/passwd", "../canary", `${base}/canary`]) {
      expect(() => root.openBeneath(path, 0)).toThrow(expect.objectContaining({ code: "invalid" }));
    }
  });

  test("magic links are refused", () => {
    using proc = new TreeRoot("/proc");
    expect(() => proc.directory("self/root")).toThrow(expect.objectContaining({ code: "invalid" }));
  });

  test.skipIf(!isRoot)("missing parents are made 0755 whatever the umask, dangling links inside the root", () => {
    const before = process.umask(0o077);
    try {
      symlinkSync("/usr/lib", `${base}/root/lib`);
      root.makeDirectories("lib/deep/er");
    } finally {
      process.umask(before);
    }
    expect(lstatSync(`${base}/root/usr/lib/deep/er`).mode & 0o7777).toBe(0o755);
  });

  test("links in a circle end in an error", () => {
    symlinkSync("b", `${base}/root/a`);
    symlinkSync("a", `${base}/root/b`);
    expect(() => root.makeDirectories("a/x")).toThrow(expect.objectContaining({ code: "invalid" }));
  });

  test("a changed tree is seen after forget", () => {
    root.makeDirectories("d");
    removeTreeAt(root.descriptor, "d");
    symlinkSync("/nowhere", `${base}/root/d`);
    root.forget();
    expect(root.findDirectory("d")).toBeUndefined();
  });

  test("more directories than it keeps open", () => {
    for (let n = 0; n < 200; n++) root.makeDirectories(`d${n}/e`);
    expect(listDirectory(root.descriptor)).toHaveLength(200);
  });

  test("times keep their nanoseconds, also before 1970", () => {
    root.makeDirectories("d");
    for (const ns of [1_700_000_000_123_456_789n, -1n, 0n]) {
      setTimesAt({ directory: root.descriptor, name: "d" }, ns);
      expect(statAt(root.descriptor, "d")?.mtimeNs).toBe(ns);
    }
  });
});

/** Longer than PATH_MAX: made step by step from inside. */
function makeDeep(top: number, name: string, depth: number): void {
  let directory = openDirectoryAt(top, name);
  for (let n = 0; n < depth; n++) {
    makeDirectoryAt(directory, "d".repeat(20), 0o755);
    closeDescriptor(createFileAt(directory, "f"));
    const next = openDirectoryAt(directory, "d".repeat(20));
    closeDescriptor(directory);
    directory = next;
  }
  closeDescriptor(directory);
}

describe("removeTree", () => {
  test.each(["", "relative", "./x", "/", "/tmp", "/tmp/", "/tmp/..", "/tmp/../var", "/tmp/.", "//tmp/x", "/tmp/x/"])(
    "refuses %p",
    async (path) => {
      const error = await removeTree(path).catch((failure: unknown) => failure);
      expect(isEngineError(error, "invalid")).toBe(true);
    },
  );

  test("removes deep trees and leaves the targets of links", async () => {
    writeFileSync(`${base}/canary`, "alive");
    mkdirSync(`${base}/root/t`);
    symlinkSync(`${base}/canary`, `${base}/root/t/file-link`);
    symlinkSync(base, `${base}/root/t/directory-link`);
    makeDeep(root.descriptor, "t", 300);
    await removeTree(`${base}/root/t`);
    expect(listDirectory(root.descriptor)).toEqual([]);
    expect(readFileSync(`${base}/canary`, "utf8")).toBe("alive");
  });

  test("absent is no error, a file is removed", async () => {
    await removeTree(`${base}/root/none`);
    writeFileSync(`${base}/root/f`, "");
    await removeTree(`${base}/root/f`);
    expect(existsSync(`${base}/root/f`)).toBe(false);
  });

  test.skipIf(!isRoot)("a mount is not entered, below or at the top", async () => {
    mkdirSync(`${base}/root/t/m`, { recursive: true });
    mountTmpfs(`${base}/root/t/m`);
    try {
      writeFileSync(`${base}/root/t/m/kept`, "");
      for (const path of [`${base}/root/t`, `${base}/root/t/m`]) {
        const error = await removeTree(path).catch((failure: unknown) => failure);
        expect(isEngineError(error, "conflict")).toBe(true);
      }
      expect(existsSync(`${base}/root/t/m/kept`)).toBe(true);
    } finally {
      unmount(`${base}/root/t/m`);
    }
  });
});
