import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { getXattr, listXattrs } from "#linux";
import {
  applyLayer,
  encodeTarHeader,
  extractTar,
  packTree,
  readTar,
  tarEnd,
  tarPadding,
  type TarHeaderInit,
} from "./mod.ts";
import { inPieces, makeScratch, paxHeader, retyped, tarOf, type TestEntry } from "./testing.ts";

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const whiteout = (path: string): boolean => lstatSync(path).isCharacterDevice() && lstatSync(path).rdev === 0;
const opaque = (path: string): boolean => getXattr(path, "trusted.overlay.opaque")?.toString() === "y";
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

describe.skipIf(process.getuid?.() !== 0)("unpacking", () => {
  let scratch: ReturnType<typeof makeScratch>;
  let root = "";
  let canary = "";
  beforeEach(() => {
    scratch = makeScratch();
    root = `${scratch.path}/root`;
    canary = `${scratch.path}/canary`;
    mkdirSync(root);
    mkdirSync(`${scratch.path}/outside`);
    writeFileSync(canary, "alive", { mode: 0o600 });
  });
  afterEach(() => {
    const state = [readFileSync(canary, "utf8"), lstatSync(canary).nlink, readdirSync(scratch.path).toSorted().join()];
    const outside = readdirSync(`${scratch.path}/outside`);
    scratch[Symbol.dispose]();
    expect(state).toEqual(["alive", 1, "canary,outside,root"]);
    expect(outside).toEqual([]);
  });

  const layer = async (...entries: readonly TestEntry[]) => applyLayer(inPieces(await tarOf(...entries)), root);
  const plain = async (...entries: readonly TestEntry[]) => extractTar(inPieces(await tarOf(...entries)), root);

  describe("U1: names", () => {
    test.each(["../x", "a/../../x", "../../../../../../tmp/lighter-x", "./../x"])(
      "%p climbs out and is refused",
      async (path) => {
        await expect(layer({ path, body: "x" })).rejects.toThrow(code("invalid"));
        expect(existsSync("/tmp/lighter-x")).toBe(false);
      },
    );

    test.each([
      ["/x", "x"],
      ["//y//z", "y/z"],
      ["a/../w", "w"],
      ["C:\\windows", "C:\\windows"],
      ["..x/x..", "..x/x.."],
      ["new\nline", "new\nline"],
    ])("%p lands in the root as %p", async (path, name) => {
      await layer({ path, body: "x" });
      expect(readFileSync(`${root}/${name}`, "utf8")).toBe("x");
    });

    test("bytes that are no UTF-8 arrive as they are", async () => {
      await layer({ path: "a\udcff", body: "x" });
      expect(readdirSync(root, { encoding: "buffer" })).toEqual([Buffer.of(0x61, 0xff)]);
    });

    test("NUL, too long, too deep", async () => {
      const nul = await tarOf({ path: "ab\0cd".padEnd(120, "x"), body: "x" });
      await expect(applyLayer(inPieces(nul), root)).rejects.toThrow(code("invalid"));
      await expect(layer({ path: "x".repeat(65536) })).rejects.toThrow(code("invalid"));
      await expect(layer({ path: "d/".repeat(2000) })).rejects.toThrow(code("invalid"));
      await expect(layer({ path: "n".repeat(300) })).rejects.toThrow(code("invalid"));
    });
  });

  describe("U2: links", () => {
    test("a write through a symlink to the outside stays in the root", async () => {
      const outside = `${scratch.path}/outside`;
      await layer({ path: "l", type: "symlink", linkPath: outside }, { path: "l/f", body: "x" });
      expect(readFileSync(`${root}${outside}/f`, "utf8")).toBe("x");
      await layer({ path: "m", type: "symlink", linkPath: "../../../../../../../.." }, { path: "m/g", body: "x" });
      expect(existsSync(`${root}/g`)).toBe(true);
    });

    test("a file replaces a symlink, it is not written through it", async () => {
      await layer({ path: "l", type: "symlink", linkPath: canary }, { path: "l", body: "x" });
      expect(lstatSync(`${root}/l`).isFile()).toBe(true);
    });

    test.each(["../canary", "/etc/passwd", "self", "missing"])("a hard link to %p is refused", async (linkPath) => {
      await expect(layer({ path: "self", type: "hardlink", linkPath })).rejects.toThrow(code("invalid"));
    });

    test("a hard link through a symlink reaches nothing outside", async () => {
      const entries: TarHeaderInit[] = [
        { path: "up", type: "symlink", linkPath: ".." },
        { path: "h", type: "hardlink", linkPath: "up/canary" },
      ];
      await expect(layer(...entries)).rejects.toThrow(code("invalid"));
      await layer(
        { path: "s", type: "symlink", linkPath: canary },
        { path: "h", type: "hardlink", linkPath: "s" },
        { path: "h", mode: 0o777, body: "x" },
      );
      expect(readlinkSync(`${root}/s`)).toBe(canary);
    });

    test("a hard link to a directory is refused, one to itself changes nothing", async () => {
      await expect(layer({ path: "d/" }, { path: "h", type: "hardlink", linkPath: "d" })).rejects.toThrow(
        code("invalid"),
      );
      await layer({ path: "f", body: "x" }, { path: "f", type: "hardlink", linkPath: "./f" });
      expect(readFileSync(`${root}/f`, "utf8")).toBe("x");
    });

    test("a directory replaced by a symlink between two layers stays inside", async () => {
      await layer({ path: "d/f", body: "x" });
      await layer({ path: "d", type: "symlink", linkPath: `${scratch.path}/outside` }, { path: "d/g", body: "y" });
      expect(lstatSync(`${root}/d`).isSymbolicLink()).toBe(true);
    });

    test("a root that already holds links out of it is no way out", async () => {
      symlinkSync(`${scratch.path}/outside`, `${root}/out`);
      linkSync(canary, `${root}/hard`);
      await layer({ path: "out/f", body: "x" }, { path: "hard", body: "replaced" });
      expect(readFileSync(`${root}/hard`, "utf8")).toBe("replaced");
    });

    test("a circle of links is an error", async () => {
      const circle: TarHeaderInit[] = [
        { path: "a", type: "symlink", linkPath: "b" },
        { path: "b", type: "symlink", linkPath: "a" },
      ];
      await expect(layer(...circle, { path: "a/x" })).rejects.toThrow(code("invalid"));
    });

    test("a file is no directory", async () => {
      await expect(layer({ path: "f", body: "" }, { path: "f/x", body: "" })).rejects.toThrow(code("invalid"));
    });
  });

  describe("U3: whiteouts", () => {
    test.each([".wh.", ".wh...", ".wh..", "d/.wh..."])("%p is refused", async (path) => {
      await expect(layer({ path, body: "" })).rejects.toThrow(code("invalid"));
    });

    test("a whiteout becomes a device, an opaque mark an attribute, also at the root", async () => {
      await layer(
        { path: "d/.wh.gone" },
        { path: "e/" },
        { path: "e/.wh..wh..opq" },
        { path: ".wh..wh..opq" },
        { path: ".wh..wh.plnk" },
      );
      expect(whiteout(`${root}/d/gone`)).toBe(true);
      expect(opaque(`${root}/e`)).toBe(true);
      expect(opaque(root)).toBe(true);
      expect(readdirSync(root).toSorted()).toEqual(["d", "e"]);
    });

    test("a whiteout hides lower layers only, in whatever order", async () => {
      await layer({ path: "a", body: "1" }, { path: ".wh.a" }, { path: ".wh.b" }, { path: "b", body: "2" });
      await layer(
        { path: "c/f", body: "3" },
        { path: ".wh.c" },
        { path: ".wh.d" },
        { path: "d/" },
        { path: "d/g", body: "4" },
      );
      await layer({ path: ".wh.e" }, { path: "e/f", body: "5" });
      const text = (path: string): string => readFileSync(`${root}/${path}`, "utf8");
      expect(["a", "b", "c/f", "d/g", "e/f"].map(text)).toEqual(["1", "2", "3", "4", "5"]);
      expect(["c", "d", "e"].map((name) => opaque(`${root}/${name}`))).toEqual([true, true, true]);
    });

    test("a whiteout never removes what is there", async () => {
      await layer(
        { path: "x/.wh.y" },
        { path: "l", type: "symlink", linkPath: scratch.path },
        { path: "l/.wh.canary" },
      );
      expect(whiteout(`${root}${scratch.path}/canary`)).toBe(true);
    });

    test("plain archives have no whiteouts", async () => {
      await plain({ path: ".wh.name", body: "x" });
      expect(readFileSync(`${root}/.wh.name`, "utf8")).toBe("x");
    });
  });

  describe("U4: special files and attributes", () => {
    test("devices, FIFOs, set-uid, owner, times, capabilities", async () => {
      const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
      const mtimeNs = 1_234_567_890_987_654_321n;
      await layer(
        { path: "null", type: "char", devMajor: 1, devMinor: 3, mode: 0o666, mtimeNs },
        { path: "disk", type: "block", devMajor: 259, devMinor: 300 },
        { path: "pipe", type: "fifo", mode: 0o622, uid: 7 },
        {
          path: "su",
          mode: 0o4751,
          uid: 12,
          gid: 34,
          mtimeNs,
          xattrs: new Map([
            ["security.capability", capability],
            ["user.a", Buffer.from("b\0\n=c")],
          ]),
          body: "x",
        },
        { path: "dir/", mode: 0o1777, mtimeNs },
        { path: "dir/inside", body: "" },
        { path: "link", type: "symlink", linkPath: "any\nthing", uid: 5, mtimeNs },
      );
      const stat = (name: string) => lstatSync(`${root}/${name}`, { bigint: true });
      expect([stat("null").rdev, stat("null").mode & 0o7777n, stat("null").mtimeNs]).toEqual([0x103n, 0o666n, mtimeNs]);
      expect(stat("disk").isBlockDevice()).toBe(true);
      expect([stat("pipe").isFIFO(), stat("pipe").uid]).toEqual([true, 7n]);
      expect([stat("su").mode & 0o7777n, stat("su").uid, stat("su").gid, stat("su").mtimeNs]).toEqual([
        0o4751n,
        12n,
        34n,
        mtimeNs,
      ]);
      expect(getXattr(`${root}/su`, "security.capability")).toEqual(capability);
      expect(getXattr(`${root}/su`, "user.a")?.toString()).toBe("b\0\n=c");
      expect([stat("dir").mode & 0o7777n, stat("dir").mtimeNs]).toEqual([0o1777n, mtimeNs]);
      expect([readlinkSync(`${root}/link`), stat("link").uid, stat("link").mtimeNs]).toEqual([
        "any\nthing",
        5n,
        mtimeNs,
      ]);
    });

    test("marks of overlayfs in the archive are dropped", async () => {
      const marks = [
        "trusted.overlay.opaque",
        "trusted.overlay.redirect",
        "trusted.overlay.metacopy",
        "user.overlay.opaque",
      ];
      const xattrs = new Map([...marks.map((name) => [name, bytes("y")] as const), ["user.kept", bytes("1")]]);
      await layer({ path: "d/", xattrs }, { path: "f", xattrs, body: "" }, { path: "./", type: "directory", xattrs });
      for (const path of [root, `${root}/d`, `${root}/f`]) expect(listXattrs(path)).toEqual(["user.kept"]);
    });

    test("an owner that chown(2) takes for none is refused", async () => {
      await expect(layer({ path: "f", uid: 4294967295, body: "" })).rejects.toThrow(code("invalid"));
      await layer({ path: "g", uid: 4294967294, body: "" });
      expect(statSync(`${root}/g`).uid).toBe(4294967294);
    });

    test("the entry of the root dresses it, for layers only", async () => {
      await layer({ path: "./", mode: 0o750, uid: 3, mtimeNs: 5n });
      const own = lstatSync(root, { bigint: true });
      expect([own.mode & 0o7777n, own.uid, own.mtimeNs]).toEqual([0o750n, 3n, 5n]);
      await plain({ path: "./", mode: 0o700, uid: 9 });
      expect(lstatSync(root).uid).toBe(3);
    });
  });

  describe("U5: bombs", () => {
    const limited = async (limits: object, ...entries: readonly TestEntry[]) =>
      applyLayer(inPieces(await tarOf(...entries)), root, { limits });

    test("bytes, entries, header sizes", async () => {
      await expect(limited({ maxBytes: 10_000 }, { path: "f", body: "x".repeat(20_000) })).rejects.toThrow(
        code("exhausted"),
      );
      await expect(limited({ maxEntries: 2 }, { path: "a" }, { path: "b" }, { path: "c" })).rejects.toThrow(
        code("exhausted"),
      );
      const header = encodeTarHeader({ path: "pax", size: 2 ** 30 });
      await expect(applyLayer(inPieces(retyped(header, "x")), root)).rejects.toThrow(code("exhausted"));
      await expect(applyLayer(inPieces(retyped(header, "L")), root)).rejects.toThrow(code("exhausted"));
    });

    test("a gigabyte of zeros in a few bytes stops at the ratio", async () => {
      const member = gzipSync(Buffer.alloc(2 ** 20), { level: 9 });
      const bomb = async function* () {
        yield gzipSync(encodeTarHeader({ path: "f", size: 2 ** 36 }));
        for (;;) yield member;
      };
      await expect(applyLayer(bomb(), root, { limits: { maxBytes: 2 ** 26 } })).rejects.toThrow(code("exhausted"));
      await expect(applyLayer(inPieces(zstdBomb()), root, { limits: { maxBytes: 2 ** 26 } })).rejects.toThrow(
        code("exhausted"),
      );
    });

    test.each([
      ["9223372036854774784", "invalid"],
      [String(2 ** 50), "exhausted"],
    ])("a sparse file of %s bytes", async (size, failure) => {
      const pax = paxHeader(
        ["GNU.sparse.major", "1"],
        ["GNU.sparse.minor", "0"],
        ["GNU.sparse.name", "f"],
        ["GNU.sparse.realsize", size],
      );
      const parts = [pax, encodeTarHeader({ path: "x", size: 512 }), bytes("0\n"), tarPadding(2), tarEnd];
      await expect(applyLayer(inPieces(Buffer.concat(parts)), root)).rejects.toThrow(code(failure));
    });

    test("cancellation", async () => {
      const signal = AbortSignal.abort();
      await expect(applyLayer(inPieces(await tarOf({ path: "f" })), root, { signal })).rejects.toThrow(
        code("canceled"),
      );
    });
  });

  describe("U6: streams", () => {
    test("the diff id is that of all bytes, trailing ones too, in pieces of any size", async () => {
      const tar = Buffer.concat([
        await tarOf({ path: "f", body: "x".repeat(1000) }),
        Buffer.alloc(9000),
        Buffer.from("garbage"),
      ]);
      const expected = `sha256:${createHash("sha256").update(tar).digest("hex")}`;
      for (const size of [1, 7, 511, 512, 513, 100_000]) {
        const result = await applyLayer(inPieces(tar, size), root);
        expect(result).toEqual({
          diffId: expected,
          size: tar.length,
          entries: 1,
          compression: "none",
        } as unknown as typeof result);
      }
      const halves = Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))]);
      expect((await applyLayer(inPieces(halves, 100), root)).diffId as string).toBe(expected);
      expect((await applyLayer(inPieces(zstdCompressSync(tar)), root)).compression).toBe("zstd");
    });

    test.each([100, 512, 700, 1100])("cut after %p bytes", async (length) => {
      const tar = await tarOf({ path: "f", body: "x".repeat(1000) });
      const cut = tar.subarray(0, length);
      await expect(applyLayer(inPieces(cut), root)).rejects.toThrow("unexpected end");
      await expect(applyLayer(inPieces(gzipSync(tar).subarray(0, -12)), root)).rejects.toThrow(code("invalid"));
    });

    test("nothing, garbage, a damaged header, an entry after the end", async () => {
      await expect(applyLayer(inPieces(new Uint8Array(0)), root)).rejects.toThrow(code("invalid"));
      await expect(applyLayer(inPieces(Buffer.alloc(4096, "garbage")), root)).rejects.toThrow(code("invalid"));
      const tar = await tarOf({ path: "f", body: "x" });
      tar[3] = 0x41;
      await expect(applyLayer(inPieces(tar), root)).rejects.toThrow("checksum");
      const late = Buffer.concat([new Uint8Array(512), await tarOf({ path: "f", body: "x" })]);
      await expect(applyLayer(inPieces(late), root)).rejects.toThrow(code("invalid"));
    });

    test("a byte range of a file, and a range beyond its end", async () => {
      const tar = await tarOf({ path: "f", body: "x" });
      const path = `${root}/blob`;
      writeFileSync(path, Buffer.concat([Buffer.from("before"), tar, Buffer.from("after")]));
      const result = await extractTar({ path, offset: 6, length: tar.length }, root, { into: "to/here" });
      expect(result.diffId as string).toBe(`sha256:${createHash("sha256").update(tar).digest("hex")}`);
      expect(readFileSync(`${root}/to/here/f`, "utf8")).toBe("x");
      await expect(extractTar({ path, offset: 6, length: 10 ** 6 }, root)).rejects.toThrow(code("invalid"));
    });
  });

  describe("replacing", () => {
    test("as tar does: a file by a directory and back, a full directory by a file", async () => {
      await plain({ path: "x", body: "1" }, { path: "x/" }, { path: "x/y/z", body: "2" }, { path: "x", body: "3" });
      expect(readFileSync(`${root}/x`, "utf8")).toBe("3");
      await plain({ path: "d/" }, { path: "d/f", body: "" }, { path: "d/", mode: 0o711 });
      expect(readdirSync(`${root}/d`)).toEqual(["f"]);
      expect(lstatSync(`${root}/d`).mode & 0o777).toBe(0o711);
    });

    test("or not, when that is asked for", async () => {
      mkdirSync(`${root}/d`);
      writeFileSync(`${root}/f`, "");
      for (const entry of [{ path: "d", body: "" }, { path: "f/" }]) {
        const tar = inPieces(await tarOf(entry));
        await expect(extractTar(tar, root, { noOverwriteDirNonDir: true })).rejects.toThrow(code("conflict"));
      }
    });

    test.each([
      [{ path: "d", body: "" }, 'cannot overwrite directory "d" with non-directory "/into"'],
      [{ path: "f/" }, 'cannot overwrite non-directory "f" with directory "/into"'],
    ])("which is told in Docker's words: %j", async (entry, message) => {
      mkdirSync(`${root}/into/d`, { recursive: true });
      writeFileSync(`${root}/into/f`, "");
      const options = { into: "/into", noOverwriteDirNonDir: true };
      await expect(extractTar(inPieces(await tarOf(entry)), root, options)).rejects.toThrow(message);
    });

    test.each([
      ["a", "new", ["new", "new/f", "new/h"]],
      [".", "new", ["new", "new/a", "new/a/f", "new/a/h"]],
      ["/", "new", ["new", "new/a", "new/a/f", "new/a/h"]],
      ["b", "new", ["a", "a/f", "a/h"]],
    ])("under another name: %s becomes %s", async (from, to, expected) => {
      const tar = await tarOf(
        { path: "./" },
        { path: "a/" },
        { path: "a/f", body: "x" },
        { path: "a/h", type: "hardlink", linkPath: "a/f" },
      );
      await extractTar(inPieces(tar), root, { rename: { from, to } });
      const found = readdirSync(root, { recursive: true }).map(String).toSorted();
      expect(found).toEqual(expected);
      expect(statSync(`${root}/${found.at(-1)}`).nlink).toBe(2);
    });

    test("with ids of a user namespace; one that it does not have is refused", async () => {
      const range = [{ container: 0, host: 100_000, size: 1000 }];
      const idMappings = { uids: range, gids: range };
      const unpack = async (...entries: TestEntry[]): Promise<unknown> =>
        extractTar(inPieces(await tarOf(...entries)), root, { idMappings });
      await unpack({ path: "d/f", uid: 5, gid: 6, body: "x" }, { path: "r", body: "" });
      const owners = ["d", "d/f", "r"].map((name) => lstatSync(`${root}/${name}`)).map(({ uid, gid }) => [uid, gid]);
      expect(owners).toEqual([
        [100_000, 100_000],
        [100_005, 100_006],
        [100_000, 100_000],
      ]);
      await expect(unpack({ path: "x", uid: 1000, body: "" })).rejects.toThrow("Container ID 1000 cannot be mapped");
      expect(process.geteuid?.()).toBe(0);
      expect(readFileSync("/proc/thread-self/status", "utf8")).toMatch(/^Uid:\t0\t0\t0\t0$/m);
      const packed = await Array.fromAsync(readTar(packTree(root, { idMappings })), ({ header }) => header);
      expect(packed.map(({ path, uid, gid }) => [path, uid, gid])).toEqual([
        ["d", 0, 0],
        ["d/f", 5, 6],
        ["r", 0, 0],
        // What a refused entry leaves is made by the root of the namespace.
        ["x", 0, 0],
      ]);
    });

    test("nothing at all is an archive only where that is allowed", async () => {
      await expect(extractTar(inPieces(new Uint8Array()), root)).rejects.toThrow("archive is empty");
      expect(await extractTar(inPieces(new Uint8Array()), root, { allowEmpty: true })).toMatchObject({ entries: 0 });
    });

    test("into a directory behind a link, with one owner for all", async () => {
      symlinkSync("/real", `${root}/link`);
      await extractTar(inPieces(await tarOf({ path: "f", uid: 1, body: "x" })), root, {
        into: "link/sub",
        owner: { uid: 8, gid: 9 },
      });
      expect(lstatSync(`${root}/real/sub/f`).gid).toBe(9);
    });

    test("hard links share an inode, also of symlinks", async () => {
      await layer(
        { path: "a", body: "x" },
        { path: "b", type: "hardlink", linkPath: "./a" },
        { path: "s", type: "symlink", linkPath: "a" },
        { path: "t", type: "hardlink", linkPath: "/s" },
      );
      expect(lstatSync(`${root}/a`).ino).toBe(lstatSync(`${root}/b`).ino);
      expect(readlinkSync(`${root}/t`)).toBe("a");
    });
  });
});

function zstdBomb(): Uint8Array {
  const member = zstdCompressSync(Buffer.alloc(2 ** 20));
  return Buffer.concat([
    zstdCompressSync(encodeTarHeader({ path: "f", size: 2 ** 36 })),
    ...Array.from({ length: 80 }, () => member),
  ]);
}
