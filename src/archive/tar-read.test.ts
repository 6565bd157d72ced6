import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  mkdirSync,
  openSync,
  closeSync,
  ftruncateSync,
  writeSync,
  writeFileSync,
  linkSync,
  symlinkSync,
  statSync,
  readFileSync,
} from "node:fs";
import fc from "fast-check";
import { packEntries, readTar, extractTar, type TarHeader } from "./mod.ts";
import { inPieces, makeScratch, paxHeader, tarOf } from "./testing.ts";

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

interface Read {
  readonly header: TarHeader;
  readonly text: string;
}

async function readAll(bytes: Uint8Array, piece?: number): Promise<Read[]> {
  const entries: Read[] = [];
  for await (const entry of readTar(inPieces(bytes, piece))) {
    entries.push({ header: entry.header, text: Buffer.from(await entry.bytes()).toString("latin1") });
  }
  return entries;
}

describe("what GNU tar writes", () => {
  let scratch: ReturnType<typeof makeScratch>;
  const tar = (...args: string[]): Uint8Array => {
    const run = Bun.spawnSync(["/usr/bin/tar", "-C", scratch.path, "--sort=name", ...args, "-cf", "-", "t"], {
      stderr: "pipe",
    });
    if (run.exitCode !== 0) throw new Error(run.stderr.toString());
    return run.stdout;
  };
  beforeEach(() => {
    scratch = makeScratch();
    mkdirSync(`${scratch.path}/t`);
  });
  afterEach(() => scratch[Symbol.dispose]());

  test.each(["ustar", "pax", "gnu", "oldgnu"])("%s", async (format) => {
    const long = `t/${"d".repeat(60)}/${"f".repeat(60)}`;
    mkdirSync(`${scratch.path}/t/${"d".repeat(60)}`);
    writeFileSync(`${scratch.path}/${long}`, "hello");
    writeFileSync(`${scratch.path}/t/first`, "");
    linkSync(`${scratch.path}/t/first`, `${scratch.path}/t/hard`);
    symlinkSync("somewhere", `${scratch.path}/t/soft`);
    const entries = await readAll(tar(`--format=${format}`, "--owner=someone:1234567", "--mtime=@1234567890"), 700);
    expect(entries.map(({ header: { path, type, linkPath } }) => [path, type, linkPath])).toEqual([
      ["t", "directory", ""],
      [`t/${"d".repeat(60)}`, "directory", ""],
      [long, "file", ""],
      ["t/first", "file", ""],
      ["t/hard", "hardlink", "t/first"],
      ["t/soft", "symlink", "somewhere"],
    ]);
    expect(entries[2]).toMatchObject({
      text: "hello",
      header: { uid: 1234567, uname: "someone", mtimeNs: 1_234_567_890_000_000_000n },
    });
  });

  test.each(["gnu", "pax"])("%s: long links, large ids, old times", async (format) => {
    symlinkSync("x".repeat(300), `${scratch.path}/t/link`);
    const entries = await readAll(tar(`--format=${format}`, "--owner=:3000000000", "--mtime=@-5"));
    expect(entries[1]?.header).toMatchObject({
      linkPath: "x".repeat(300),
      uid: 3_000_000_000,
      mtimeNs: -5_000_000_000n,
    });
  });

  test.each([
    "--format=gnu",
    "--format=pax --sparse-version=0.0",
    "--format=pax --sparse-version=0.1",
    "--format=pax --sparse-version=1.0",
  ])("sparse: %s", async (format) => {
    const fd = openSync(`${scratch.path}/t/sparse`, "w");
    for (let n = 0; n < 40; n++) writeSync(fd, `piece ${n}`, n * 65536);
    ftruncateSync(fd, 5_000_000);
    closeSync(fd);
    const bytes = tar(...format.split(" "), "--sparse");
    expect(bytes.length).toBeLessThan(1_000_000);
    const entry = (await readAll(bytes, 1000))[1];
    expect(entry?.header).toMatchObject({ path: "t/sparse", size: 5_000_000 });
    expect(entry?.text === readFileSync(`${scratch.path}/t/sparse`, "latin1")).toBe(true);
    mkdirSync(`${scratch.path}/out`);
    await extractTar(inPieces(bytes, 10_000), `${scratch.path}/out`, {
      owner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    });
    expect(readFileSync(`${scratch.path}/out/t/sparse`).equals(readFileSync(`${scratch.path}/t/sparse`))).toBe(true);
    expect(statSync(`${scratch.path}/out/t/sparse`).blocks * 512).toBeLessThan(1_000_000);
  });
});

describe("pax", () => {
  test("local records win over global ones, an empty value takes one back", async () => {
    const global = paxHeader(["uname", "all"], ["SCHILY.xattr.user.g", "1"]);
    global[156] = 0x67;
    const sum = global
      .subarray(0, 512)
      .fill(0x20, 148, 156)
      .reduce((total, byte) => total + byte, 0);
    global.set(Buffer.from(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
    const first = await tarOf({ path: "a" });
    const second = Buffer.concat([paxHeader(["uname", "one"], ["mtime", "-1.5"]), await tarOf({ path: "b" })]);
    const entries = await readAll(Buffer.concat([global, first.subarray(0, 512), second]));
    expect(entries.map(({ header }) => [header.path, header.uname, header.mtimeNs])).toEqual([
      ["a", "all", 0n],
      ["b", "one", -1_500_000_000n],
    ]);
    expect(entries[1]?.header.xattrs.get("user.g")).toEqual(Buffer.from("1"));
  });

  test.each([
    ["path", ""],
    ["path", "a\0b"],
    ["size", "-1"],
    ["size", "1e9"],
    ["mtime", "soon"],
    ["uid", "99999999999"],
  ])("%s=%p", async (key, value) => {
    const tar = Buffer.concat([paxHeader([key, value]), await tarOf({ path: "f" })]);
    if (value === "") expect((await readAll(tar))[0]?.header.path).toBe("f");
    else await expect(readAll(tar)).rejects.toThrow(code("invalid"));
  });

  test.each(["5 a=b\n", "99 a=b\n", "6 a=bc", "x a=b\n", "6 =bcd\n", "-6 a=b\n"])(
    "record %p is refused",
    async (text) => {
      const header = paxHeader(["a", "b"]);
      header.set(Buffer.from(text.padEnd(8, "z")), 512);
      header[134] = 0x30 + text.length;
      const sum = header
        .subarray(0, 512)
        .fill(0x20, 148, 156)
        .reduce((total, byte) => total + byte, 0);
      header.set(Buffer.from(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
      await expect(readAll(Buffer.concat([header, await tarOf({ path: "f" })]))).rejects.toThrow(code("invalid"));
    },
  );
});

test("a body may be skipped, read in part, or collected within a limit", async () => {
  const tar = await tarOf(
    { path: "a", body: "x".repeat(3000) },
    { path: "b", body: "y".repeat(3000) },
    { path: "c", body: "z" },
  );
  const seen: string[] = [];
  for await (const { header, body, bytes } of readTar(inPieces(tar, 100))) {
    seen.push(header.path);
    if (header.path === "a") for await (const piece of body) if (piece.length > 0) break;
    if (header.path === "b") await expect(bytes(10)).rejects.toThrow(code("exhausted"));
    if (header.path === "c") expect(Buffer.from(await bytes()).toString()).toBe("z");
  }
  expect(seen).toEqual(["a", "b", "c"]);
});

test("leaving the loop ends the source", async () => {
  let ended = false;
  const source = async function* () {
    try {
      for (;;) yield await tarOf({ path: "a" }).then((tar) => tar.subarray(0, 512));
    } finally {
      ended = true;
    }
  };
  for await (const _entry of readTar(source())) break;
  expect(ended).toBe(true);
});

test("what is written is read again, cut anywhere", async () => {
  const segment = fc
    .string({ unit: "binary", minLength: 1, maxLength: 90 })
    .filter((text) => !/[/\0]/.test(text) && text !== "." && text !== "..");
  const file = fc.record({
    path: fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
    body: fc.uint8Array({ maxLength: 2000 }),
    uid: fc.nat(4_294_967_294),
    mode: fc.nat(0o7777),
    mtimeNs: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
    xattrs: fc.uint8Array({ maxLength: 50 }).map((value) => new Map([["user.x", value]])),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(file, { maxLength: 4 }), fc.integer({ min: 1, max: 3000 }), async (files, piece) => {
      const inputs = files.map(({ body, ...header }) => ({ header: { ...header, type: "file" as const }, body }));
      const tar = new Uint8Array(await new Response(packEntries(inputs)).arrayBuffer());
      const entries = await readAll(tar, piece);
      expect(entries.map(({ header: { path, uid, mode, mtimeNs } }) => ({ path, uid, mode, mtimeNs }))).toEqual(
        files.map(({ path, uid, mode, mtimeNs }) => ({ path, uid, mode, mtimeNs })),
      );
      expect(entries.map(({ text }) => text)).toEqual(files.map(({ body }) => Buffer.from(body).toString("latin1")));
      expect(entries.map(({ header }) => [...(header.xattrs.get("user.x") ?? [])])).toEqual(
        files.map(({ xattrs }) => [...(xattrs.get("user.x") ?? [])]),
      );
    }),
    { numRuns: 60 },
  );
});

test("whatever comes, the answer is entries or a typed error", async () => {
  const base = await tarOf(
    { path: "a/b", body: "x".repeat(600), xattrs: new Map([["user.a", Buffer.from("b")]]) },
    { path: "l", type: "symlink", linkPath: "m" },
  );
  const change = fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(change, async (changes) => {
      const bytes = Uint8Array.from(base);
      for (const [at, value] of changes) bytes[at] = value;
      const error = await readAll(bytes).then(
        () => undefined,
        (failure: unknown) => failure,
      );
      if (error !== undefined)
        expect(error).toEqual(expect.objectContaining({ code: expect.stringMatching(/^(invalid|exhausted)$/) }));
    }),
    { numRuns: 200 },
  );
});

test("the padding of the last entry may lack, its bytes may not", async () => {
  const whole = await tarOf({ path: "a", body: "x".repeat(700) });
  const end = 512 + 700;
  expect(await readAll(whole.subarray(0, end))).toMatchObject([{ text: "x".repeat(700) }]);
  expect(await readAll(whole.subarray(0, end + 100))).toHaveLength(1);
  await expect(readAll(whole.subarray(0, end - 1))).rejects.toEqual(code("invalid"));
});
