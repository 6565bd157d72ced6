import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { mountOverlay, setXattr, unmount } from "#linux";
import { applyLayer, diffLayer, packTree, readTar, type ByteStream, type PackOptions, type TarHeader } from "./mod.ts";
import { makeScratch } from "./testing.ts";

async function headers(stream: ByteStream): Promise<TarHeader[]> {
  const found: TarHeader[] = [];
  for await (const { header } of readTar(stream)) found.push(header);
  return found;
}

const digest = async (stream: ReadableStream<Uint8Array>): Promise<string> =>
  createHash("sha256")
    .update(new Uint8Array(await new Response(stream).arrayBuffer()))
    .digest("hex");

let scratch: ReturnType<typeof makeScratch>;
let tree = "";
beforeEach(() => {
  scratch = makeScratch();
  tree = `${scratch.path}/tree`;
  mkdirSync(tree);
});
afterEach(() => scratch[Symbol.dispose]());

describe("packTree", () => {
  const fill = (): void => {
    mkdirSync(`${tree}/d/e`, { recursive: true });
    writeFileSync(`${tree}/d/f`, "text");
    linkSync(`${tree}/d/f`, `${tree}/a-hard`);
    symlinkSync("/any/where", `${tree}/link`);
    writeFileSync(`${tree}/Z`, "z".repeat(3_000_000));
  };

  test("names below the start: under a dot, the root, or another name; links among them as well", async () => {
    mkdirSync(`${tree}/d`);
    writeFileSync(`${tree}/d/f`, "text");
    linkSync(`${tree}/d/f`, `${tree}/d/g`);
    const names = async (options: PackOptions): Promise<string[]> =>
      (await headers(packTree(tree, options))).map(({ path, linkPath }) => path + (linkPath && ` > ${linkPath}`));
    expect(await names({ from: "d", as: ".", withTop: true, prefix: "./" })).toEqual([".", "./f", "./g > ./f"]);
    expect(await names({ as: "/", prefix: "/" })).toEqual([".", "/d", "/d/f", "/d/g > /d/f"]);
    expect(await names({ from: "d", as: "other" })).toEqual(["other", "other/f", "other/g > other/f"]);
  });

  test("a link at the start is followed only when asked, and inside the tree", async () => {
    mkdirSync(`${tree}/d`);
    writeFileSync(`${tree}/d/f`, "text");
    symlinkSync("/d", `${tree}/l`);
    const names = async (options: PackOptions): Promise<string[]> =>
      (await headers(packTree(tree, options))).map(({ path, type }) => `${type} ${path}`);
    expect(await names({ from: "l", as: "x" })).toEqual(["symlink x"]);
    expect(await names({ from: "l", as: "x", followFrom: true })).toEqual(["directory x", "file x/f"]);
  });

  test("whole seconds, downwards", async () => {
    writeFileSync(`${tree}/a`, "");
    utimesSync(`${tree}/a`, 7.75, 7.75);
    const [header] = await headers(packTree(tree, { wholeSeconds: true }));
    expect(header?.mtimeNs).toBe(7_000_000_000n);
  });

  test("what vanishes or turns into something else while it is packed is left out", async () => {
    for (const name of ["a", "b", "c", "d", "e", "f"]) writeFileSync(`${tree}/${name}`, name);
    mkdirSync(`${tree}/dir`);
    writeFileSync(`${scratch.path}/secret`, "secret");
    const change: Readonly<Record<string, () => void>> = {
      b: () => rmSync(`${tree}/b`),
      c: () => (rmSync(`${tree}/c`), symlinkSync(`${scratch.path}/secret`, `${tree}/c`)),
      d: () => (rmSync(`${tree}/d`), void Bun.spawnSync(["mkfifo", `${tree}/d`])),
      dir: () => renameSync(`${tree}/dir`, `${scratch.path}/moved`),
      e: () => (rmSync(`${tree}/e`), mkdirSync(`${tree}/e`)),
    };
    // The filter is asked between the first look at an entry and its opening.
    const filter = (path: string): "keep" => (change[path]?.(), "keep");
    const found: string[] = [];
    for await (const { header, bytes } of readTar(packTree(tree, { filter })))
      found.push(`${header.path} ${Buffer.from(await bytes()).toString()}`);
    expect(found).toEqual(["a a", "f f"]);
  });

  test("sorted by bytes, links kept, no names of users; GNU tar agrees", async () => {
    fill();
    const found = await headers(packTree(tree));
    expect(found.map(({ path, type, linkPath }) => [path, type, linkPath])).toEqual([
      ["Z", "file", ""],
      ["a-hard", "file", ""],
      ["d", "directory", ""],
      ["d/e", "directory", ""],
      ["d/f", "hardlink", "a-hard"],
      ["link", "symlink", "/any/where"],
    ]);
    expect(found.every(({ uname, gname }) => uname + gname === "")).toBe(true);
    await Bun.write(`${scratch.path}/out.tar`, new Response(packTree(tree)));
    const compare = Bun.spawnSync(["/usr/bin/tar", "-df", `${scratch.path}/out.tar`, "-C", tree]);
    expect([compare.exitCode, compare.stdout.toString(), compare.stderr.toString()]).toEqual([0, "", ""]);
  });

  const names = async (options: PackOptions): Promise<string[]> =>
    (await headers(packTree(tree, options))).map(({ path }) => path);

  test("a start, another name, a filter", async () => {
    fill();
    expect(await names({ from: "d" })).toEqual(["e", "f"]);
    expect(await names({ from: "/d/", as: "x" })).toEqual(["x", "x/e", "x/f"]);
    expect(await names({ from: "link" })).toEqual(["link"]);
    expect(await names({ from: "d/f", as: "g" })).toEqual(["g"]);
    expect(await names({ from: "d", withTop: true })).toEqual([".", "e", "f"]);
    expect(await names({ filter: (path) => (path === "d" ? "prune" : "keep") })).toEqual(["Z", "a-hard", "link"]);
    expect(await names({ filter: (path) => (path === "d/f" ? "keep" : "skip") })).toEqual(["d/f"]);
    expect(packTree(tree, { from: "none" }).getReader().read()).rejects.toThrow(
      expect.objectContaining({ code: "not_found" }),
    );
  });

  test("a start cannot leave the directory", async () => {
    symlinkSync("/", `${tree}/up`);
    expect(packTree(tree, { from: "../x" }).getReader().read()).rejects.toThrow(
      expect.objectContaining({ code: "invalid" }),
    );
    expect(packTree(tree, { from: "up/etc/passwd" }).getReader().read()).rejects.toThrow(
      expect.objectContaining({ code: "not_found" }),
    );
  });

  test("owner, clamped times, attributes", async () => {
    writeFileSync(`${tree}/f`, "");
    setXattr(`${tree}/f`, "user.b", Buffer.from("1"));
    utimesSync(`${tree}/f`, 2_000_000_000, 2_000_000_000);
    const [late] = await headers(packTree(tree, { owner: { uid: 7, gid: 8 }, maxMtimeNs: 1_000n, xattrs: false }));
    expect(late).toMatchObject({ uid: 7, gid: 8, mtimeNs: 1_000n, xattrs: new Map() });
    const [kept] = await headers(packTree(tree, { maxMtimeNs: 3_000_000_000_000_000_000n }));
    expect([kept?.mtimeNs, [...(kept?.xattrs.keys() ?? [])]]).toEqual([2_000_000_000_000_000_000n, ["user.b"]]);
  });
});

describe.skipIf(process.getuid?.() !== 0)("diffLayer", () => {
  const part = (name: string): string => `${scratch.path}/${name}`;
  const mounted = (lower: readonly string[], change: () => void): void => {
    for (const name of ["upper", "work", "mnt"]) mkdirSync(part(name));
    mountOverlay({ lower, upper: part("upper"), work: part("work"), target: part("mnt") });
    try {
      change();
    } finally {
      unmount(part("mnt"));
    }
  };

  test("what the kernel's overlayfs wrote comes back as a layer that does the same", async () => {
    for (const name of ["gone", "changed", "dir/x", "full/y"]) {
      mkdirSync(`${tree}/${name.replace(/[^/]*$/, "")}`, { recursive: true });
      writeFileSync(`${tree}/${name}`, "old");
    }
    mounted([tree], () => {
      rmSync(part("mnt/gone"));
      writeFileSync(part("mnt/changed"), "new");
      rmSync(part("mnt/full"), { recursive: true });
      mkdirSync(part("mnt/full"));
      writeFileSync(part("mnt/full/z"), "z");
      rmSync(part("mnt/dir/x"));
      renameSync(part("mnt/changed"), part("mnt/renamed"));
      chmodSync(part("mnt/full"), 0o2711);
    });
    const found = await headers(diffLayer(part("upper")));
    expect(found.map(({ path }) => path)).toEqual([
      ".wh.changed",
      "dir",
      "dir/.wh.x",
      "full",
      "full/.wh..wh..opq",
      "full/z",
      ".wh.gone",
      "renamed",
    ]);
    expect(found.every(({ xattrs }) => xattrs.size === 0)).toBe(true);

    mkdirSync(part("again"));
    await applyLayer(diffLayer(part("upper")), part("again"));
    expect(await digest(diffLayer(part("again")))).toBe(await digest(diffLayer(part("upper"))));
    mountOverlay({ lower: [part("again"), tree], target: part("mnt") });
    try {
      expect(readdirSync(part("mnt"), { recursive: true }).map(String).toSorted()).toEqual([
        "dir",
        "full",
        "full/z",
        "renamed",
      ]);
      expect(statSync(part("mnt/full")).mode & 0o7777).toBe(0o2711);
    } finally {
      unmount(part("mnt"));
    }
  });

  test("the same deletions at another time are the same layer", async () => {
    const layers: string[] = [];
    for (const round of [1, 2]) {
      const own = mkdtempSync(`${scratch.path}/round-${round}-`);
      for (const name of ["lower", "upper", "work", "mnt"]) mkdirSync(`${own}/${name}`);
      writeFileSync(`${own}/lower/f`, "");
      symlinkSync("x", `${own}/lower/l`);
      lutimesSync(`${own}/lower/l`, 1, 1);
      mountOverlay({ lower: [`${own}/lower`], upper: `${own}/upper`, work: `${own}/work`, target: `${own}/mnt` });
      try {
        rmSync(`${own}/mnt/${round === 1 ? "f" : "l"}`);
        rmSync(`${own}/mnt/${round === 1 ? "l" : "f"}`);
      } finally {
        unmount(`${own}/mnt`);
      }
      layers.push(await digest(diffLayer(`${own}/upper`)));
    }
    expect(layers[0]).toBe(layers[1] ?? "");
  });
});
