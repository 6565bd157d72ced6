import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type ByteStream, compressGzip, compressZstd, decompress, detectCompression } from "./mod.ts";
import { inPieces } from "./testing.ts";

const invalid: unknown = expect.objectContaining({ code: "invalid" });
const text = async (source: ByteStream): Promise<string> => new Response((await decompress(source)).stream).text();
const hello = Buffer.from("hello ");
const host = (program: string): Uint8Array => Bun.spawnSync([program, "-c"], { stdin: hello }).stdout;

describe("each compression is found and undone, in pieces of one byte", () => {
  const samples: [string, () => Uint8Array][] = [
    ["none", () => hello],
    ["gzip", () => gzipSync(hello)],
    ["zstd", () => zstdCompressSync(hello)],
    ["xz", () => host("/usr/bin/xz")],
    ["bzip2", () => host("/usr/bin/bzip2")],
  ];
  test.each(samples)("%s", async (kind, make) => {
    if (!["xz", "bzip2"].includes(kind) || existsSync(`/usr/bin/${kind}`)) {
      const bytes = make();
      expect(detectCompression(bytes) as string).toBe(kind);
      expect(await text(inPieces(bytes, 1))).toBe("hello ");
      if (["gzip", "xz", "bzip2"].includes(kind))
        expect(text(inPieces(bytes.subarray(0, -6)))).rejects.toThrow(invalid);
    }
  });
});

test("members and frames one after the other, frames to skip", async () => {
  const skippable = Buffer.from("502a4d18040000000a0b0c0d", "hex");
  expect(await text(inPieces(Buffer.concat([gzipSync(hello), gzipSync(hello)])))).toBe("hello hello ");
  expect(
    await text(inPieces(Buffer.concat([skippable, zstdCompressSync(hello), zstdCompressSync(hello), skippable]))),
  ).toBe("hello hello ");
});

test("damage and the failure of a source", async () => {
  const broken = gzipSync(Buffer.alloc(10_000, "abcdefg"));
  broken[30] = 0xff;
  expect(text(inPieces(broken))).rejects.toThrow(invalid);
  const failing = async function* () {
    yield gzipSync(hello).subarray(0, 12);
    throw new Error("the source broke");
  };
  expect(text(failing())).rejects.toThrow("the source broke");
});

test("our own output is the same every time and comes back", async () => {
  for (const compress of [compressGzip, compressZstd]) {
    const [first, second] = await Promise.all([1, 2].map(() => new Response(compress(inPieces(hello, 2))).bytes()));
    expect(first).toEqual(second ?? new Uint8Array(0));
    expect(await text(inPieces(first ?? hello))).toBe("hello ");
  }
});

test("canceling the stream ends the source", async () => {
  let ended = false;
  const source = async function* () {
    try {
      for (;;) yield gzipSync(Buffer.alloc(2 ** 20));
    } finally {
      ended = true;
    }
  };
  const { stream } = await decompress(source());
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  expect(ended).toBe(true);
});
