import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "#core";
import { createUnpackPool, packEntries, type TarInput, type UnpackPool } from "#archive";
import { openOverlay } from "#snapshot/overlay";
import { mediaTypes } from "#spec";
import { removeTestTree } from "../../test/support/remove.ts";
import { tag } from "../../test/support/tag.ts";
import { encodeJson } from "./config.ts";
import { blobPath, descriptor, digestOf, entry, makeImage, makeLayer, oldArchive } from "./testing.ts";
import { Bench } from "./testing-bench.ts";

const makeRoot = (): string => mkdtempSync(join(tmpdir(), tag));

let pool: UnpackPool;
beforeAll(() => {
  pool = createUnpackPool({ idleMs: 50 });
});
afterAll(async () => await pool[Symbol.asyncDispose]());

const open = (root?: string): Promise<Bench> =>
  Bench.open({ pool, openSnapshots: openOverlay, makeRoot, removeRoot: removeTestTree }, root);

const spec = {
  layers: [{ "bin/sh": "#!", "etc/a": "x".repeat(100_000) }, { "etc/b": "b" }],
  tags: ["team/app:1", "app:2"],
};
const failure = async (work: Promise<unknown>): Promise<EngineError> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
};

describe.skipIf(process.getuid?.() !== 0)("hostile or damaged archives are refused and leave nothing", () => {
  const base = makeImage({ layers: [{ "etc/a": "x".repeat(100_000) }], tags: ["x:1"] });
  const manifestOf = (item: object): TarInput => entry("manifest.json", encodeJson([item]));
  const nestedIndex = async (depth: number): Promise<TarInput[]> => {
    const entries: TarInput[] = [];
    let next = descriptor(mediaTypes.ociManifest, new Uint8Array());
    for (let at = 0; at < depth; at++) {
      const bytes = encodeJson({ schemaVersion: 2, manifests: [next] });
      entries.push(entry(blobPath(digestOf(bytes)), bytes));
      next = descriptor(mediaTypes.ociIndex, bytes);
    }
    return [...entries, entry("index.json", encodeJson({ schemaVersion: 2, manifests: [next] }))];
  };
  const cases: [string, string, () => Promise<TarInput[]>][] = [
    ["no manifest", "does not contain a manifest.json", async () => [entry("a", "b")]],
    ["a config outside", "leaves the archive", async () => [manifestOf({ Config: "../../etc/passwd", Layers: [] })]],
    ["an absolute config", "does not contain", async () => [manifestOf({ Config: "/etc/passwd", Layers: [] })]],
    [
      "a link outside",
      "leaves the archive",
      async () => [{ header: { path: "a", type: "symlink", linkPath: "../../etc" } }],
    ],
    [
      "links in a circle",
      "does not contain",
      async () => [
        { header: { path: "a", type: "symlink", linkPath: "b" } },
        { header: { path: "b", type: "symlink", linkPath: "a" } },
        manifestOf({ Config: "a", Layers: [] }),
      ],
    ],
    ["no JSON", "invalid manifest.json", async () => [entry("manifest.json", "{")]],
    ["a giant manifest", "", async () => [entry("manifest.json", new Uint8Array(5 << 20).fill(32))]],
    [
      "a name that is none",
      "must be lowercase",
      async () => [manifestOf({ Config: "c", RepoTags: ["UPPER:x"], Layers: [] })],
    ],
    [
      "a name without a tag",
      'invalid tag "foo"',
      async () => [manifestOf({ Config: "c", RepoTags: ["foo"], Layers: [] })],
    ],
    [
      "fewer layers than the config",
      "layers length mismatch: expected 0, got 1",
      async () => {
        const image = await base;
        return [entry("c.json", image.configBytes), manifestOf({ Config: "c.json", Layers: [] })];
      },
    ],
    [
      "another layer",
      "invalid diffID for layer 0: expected",
      async () => {
        const image = await base;
        return oldArchive([{ ...image, layers: [await makeLayer({ "etc/a": "z".repeat(100_000) })] }]);
      },
    ],
    [
      "a layer that is no tar",
      "",
      async () => oldArchive([{ ...(await base), layers: [new Uint8Array(200_000).fill(7)] }]),
    ],
    [
      "a large blob of other bytes",
      "digest",
      async () => [entry(`blobs/sha256/${"a".repeat(64)}`, new Uint8Array(100_000))],
    ],
    ["a small blob of other bytes", "digest", async () => [entry(`blobs/sha256/${"a".repeat(64)}`, "x")]],
    ["a digest that is none", "invalid digest", async () => [entry("blobs/md5/abc", "x")]],
    [
      "a document that is two things",
      "both an index and a manifest",
      async () => [entry("index.json", encodeJson({ schemaVersion: 2, manifests: [], layers: [] }))],
    ],
    [
      "a wrong media type",
      "is not of media type",
      async () => [
        entry("index.json", encodeJson({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, manifests: [] })),
      ],
    ],
    ["an index in an index, a hundred times", "nests deeper", async () => await nestedIndex(100)],
    ["a million images", "", async () => [entry("manifest.json", `[${Array(200_000).fill("{}").join()}]`)]],
    [
      "an image of Windows",
      "cannot load windows image on linux",
      async () => oldArchive([await makeImage({ layers: [], os: "windows" })]),
    ],
  ];
  test.each(cases)("%s", async (_, message, make) => {
    await using bench = await open();
    const error = await failure(make().then((entries) => bench.load(entries)));
    expect(["invalid", "corrupt", "exhausted"]).toContain(error.code);
    expect(error.message).toContain(message);
    expect(bench.images.list()).toEqual([]);
    bench.expectClean();
  });

  test("a truncated archive", async () => {
    await using bench = await open();
    const bytes = await new Response(packEntries(oldArchive([await base]))).bytes();
    await failure(bench.load(new Blob([bytes.subarray(0, 60_000)]).stream()));
    bench.expectClean();
  });

  test("one bad image of two: neither is there", async () => {
    await using bench = await open();
    const good = await makeImage(spec);
    const bad = { ...(await base), layers: [await makeLayer({ a: "b" })] };
    await failure(bench.load(oldArchive([good, bad])));
    expect(bench.images.list()).toEqual([]);
    bench.expectClean();
  });
});
