import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { EngineError, parseChainId, parseDiffId, parseSnapshotKey, type ImageId } from "#core";
import { compressGzip, createUnpackPool, packEntries, readTar, type TarInput, type UnpackPool } from "#archive";
import { openOverlay } from "#snapshot/overlay";
import { parseReference } from "#spec";
import { removeTestTree } from "../../test/support/remove.ts";
import { tag as testTag } from "../../test/support/tag.ts";
import {
  arbitrarySpec,
  compressLayer,
  digestOf,
  makeImage,
  makeLayer,
  newArchive,
  ociLayout,
  oldArchive,
  type TestImage,
} from "./testing.ts";
import { Bench } from "./testing-bench.ts";

const makeRoot = (): string => mkdtempSync(join(tmpdir(), testTag));

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
const loadedLines = (image: TestImage): string[] =>
  image.tags.length > 0
    ? image.tags.map((tag) => `Loaded image: ${tag}\n`)
    : [`Loaded image ID: ${digestOf(image.configBytes)}\n`];
const failure = async (work: Promise<unknown>): Promise<EngineError> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
};

describe.skipIf(process.getuid?.() !== 0)("images", () => {
  const forms: [string, (image: TestImage) => TarInput[] | Promise<TarInput[]>][] = [
    ["old docker-archive", (image) => oldArchive([image])],
    ["docker-archive", (image) => newArchive([image])],
    ["docker-archive with gzip layers", (image) => newArchive([image], "gzip")],
    ["docker-archive, manifest first", async (image) => (await newArchive([image])).toReversed()],
    ["OCI layout", (image) => ociLayout([image])],
    ["OCI layout with zstd layers", (image) => ociLayout([image], { compression: "zstd" })],
    [
      "OCI layout with nested indexes and gzip layers",
      (image) => ociLayout([image], { compression: "gzip", nested: true }),
    ],
  ];

  test.each(forms)("load of an %s", async (_, make) => {
    await using bench = await open();
    const image = await makeImage(spec);
    const messages = await bench.load(await make(image));
    expect(messages.map((message) => message.stream)).toEqual(loadedLines(image));
    const record = bench.images.resolve("team/app:1");
    expect(record.id as string).toBe(digestOf(image.configBytes));
    expect(bench.images.resolve("app:2").id).toBe(record.id);
    expect(await bench.files(record.id)).toEqual({ ...spec.layers[0], ...spec.layers[1] });
    await bench.expectValid();
    bench.expectClean();
    expect(
      readFileSync(join(bench.snapshots.mount(await view(bench, record.id)).lower.at(-1) ?? "", "etc/a"), "utf8"),
    ).toHaveLength(100_000);
  });

  /** A view of the image, so that its directories can be seen. */
  async function view(bench: Bench, id: ImageId): Promise<ReturnType<typeof parseSnapshotKey>> {
    const key = parseSnapshotKey("look");
    const top = bench.images.get(id)?.layers.at(-1)?.chainId;
    await bench.snapshots.view(key, top);
    return key;
  }

  test("any images survive save and load, and the saved bytes are the same each time", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitrarySpec, { minLength: 1, maxLength: 2 }), async (specs) => {
        await using one = await open();
        await using two = await open();
        const images = await Promise.all(specs.map(makeImage));
        await one.load(await newArchive(images));
        const names = one.images
          .list()
          .flatMap((image) => (one.images.tags(image.id).length > 0 ? one.images.tags(image.id) : [image.id]));
        const saved = await new Response(await one.images.save(names)).bytes();
        expect(digestOf(await new Response(await one.images.save(names)).bytes())).toBe(digestOf(saved));
        await two.load(new Blob([saved]).stream());
        expect(two.images.list().map(summary).toSorted()).toEqual(one.images.list().map(summary).toSorted());
        await two.expectValid();
        two.expectClean();
      }),
      { numRuns: 6 },
    );
  });

  const summary = (image: { readonly id: ImageId; readonly sizeBytes: number }): string =>
    `${image.id} ${image.sizeBytes}`;

  test.each([
    ["gzip", (stream: ReadableStream<Uint8Array>) => compressGzip(stream)],
    ["bzip2", (stream: ReadableStream<Uint8Array>) => piped("bzip2", stream)],
    ["xz", (stream: ReadableStream<Uint8Array>) => piped("xz", stream)],
  ])("a whole archive in %s", async (_, compress) => {
    await using bench = await open();
    const image = await makeImage(spec);
    await bench.load(await compress(packEntries(oldArchive([image]))));
    await bench.expectValid();
    expect(bench.images.list()).toHaveLength(1);
  });

  async function piped(command: string, stream: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
    const child = Bun.spawn([command, "-c"], { stdin: await new Response(stream).bytes(), stdout: "pipe" });
    return child.stdout;
  }

  test("progress names layers, and quiet leaves only what was loaded", async () => {
    await using bench = await open();
    const image = await makeImage(spec);
    const messages = await bench.load(await newArchive([image]), false);
    const [layer] = image.layers;
    expect(messages[0]).toEqual({
      status: "Loading layer",
      id: digestOf(layer ?? new Uint8Array()).slice(7, 19),
      progressDetail: { current: layer?.length ?? 0, total: layer?.length ?? 0 },
    });
  });

  test("a tag that moves is told", async () => {
    await using bench = await open();
    const [one, two] = [
      await makeImage({ ...spec, tags: ["x:1"] }),
      await makeImage({ layers: [{ a: "2" }], tags: ["x:1"] }),
    ];
    await bench.load(oldArchive([one]));
    const messages = await bench.load(oldArchive([two]));
    expect(messages.map((message) => message.stream)).toEqual([
      `The image x:1 already exists, renaming the old one with ID ${digestOf(one.configBytes)} to empty string\n`,
      "Loaded image: x:1\n",
    ]);
    expect(await bench.load(oldArchive([two]))).toEqual([{ stream: "Loaded image: x:1\n" }]);
  });

  test("images share layers, and equal layers of one image are unpacked for each place", async () => {
    await using bench = await open();
    const layer = { "etc/a": "y".repeat(80_000) };
    const images = [
      await makeImage({ layers: [layer, layer, { b: "1" }], tags: ["x:1"] }),
      await makeImage({ layers: [layer], tags: ["y:1"] }),
    ];
    await bench.load(oldArchive(images));
    await bench.expectValid();
    bench.expectClean();
    expect(bench.images.sharedBytes(bench.images.resolve("y:1").id)).toBeGreaterThan(0);
  });

  test("many loads of one image at the same time end in one", async () => {
    await using bench = await open();
    const image = await makeImage(spec);
    const archive = await newArchive([image], "gzip");
    await Promise.all(Array.from({ length: 6 }, () => bench.load(archive)));
    expect(bench.images.list()).toHaveLength(1);
    await bench.images.collectSnapshots();
    await bench.expectValid();
    bench.expectClean();
  });

  test("a reader that leaves early cancels the load, and nothing is left", async () => {
    await using bench = await open();
    const archive = packEntries(oldArchive([await makeImage(spec)]));
    for await (const _message of bench.images.load(archive, { quiet: false })) break;
    bench.expectClean();
  });

  test("what a crash left is gone after the next boot", async () => {
    await using bench = await open();
    await bench.load(oldArchive([await makeImage(spec)]));
    const key = parseSnapshotKey("unpack-left");
    await bench.snapshots.prepare(key);
    writeFileSync(join(bench.snapshots.layerDirectory(key), "half"), "x");
    const orphan = parseSnapshotKey("orphan");
    await bench.snapshots.prepare(orphan);
    await bench.snapshots.commit(parseChainId(`sha256:${"b".repeat(64)}`), orphan);
    await bench.content.put(new TextEncoder().encode("orphan"), bench.leases.acquire());
    await bench.start();
    bench.expectClean();
    expect(bench.images.list()).toHaveLength(1);
  });

  test("an image that lost a blob is reported, and whole again after the next load", async () => {
    await using bench = await open();
    const archive = await newArchive([await makeImage(spec)]);
    await bench.load(archive);
    const image = bench.images.resolve("app:2");
    await rm(bench.content.path(image.layers[0]?.blob.digest ?? bench.images.digestOf(image.id)));
    await bench.start([image.id]);
    await bench.load(archive);
    await bench.expectValid();
    await bench.start();
    bench.expectClean();
  });

  test("save: by repository all tags, by id no name, unknown names before the stream", async () => {
    await using bench = await open();
    await bench.load(oldArchive([await makeImage({ ...spec, tags: ["x:1", "x:2", "y:1"] })]));
    const { id } = bench.images.resolve("x:1");
    const tagsIn = async (names: string[]): Promise<unknown> => {
      for await (const item of readTar(await bench.images.save(names))) {
        if (item.header.path === "manifest.json")
          return JSON.parse(new TextDecoder().decode(await item.bytes()))[0].RepoTags;
      }
      return undefined;
    };
    expect(await tagsIn(["x"])).toEqual(["x:1", "x:2"]);
    expect(await tagsIn(["y:1", "x:2"])).toEqual(["y:1", "x:2"]);
    expect(await tagsIn([id])).toBeNull();
    expect(await tagsIn([id.slice(7, 19)])).toBeNull();
    expect((await failure(bench.images.save(["nosuch"]))).message).toBe("No such image: nosuch");
    expect((await failure(bench.images.save(["nosuch:1"]))).message).toBe("reference does not exist");
    expect((await failure(bench.images.save(["x", "sha256:abcd"]))).message).toBe("No such image: sha256:abcd");
  });

  test("a stream of save keeps its image's blobs", async () => {
    await using bench = await open();
    await bench.load(oldArchive([await makeImage({ ...spec, tags: ["x:1"] })]));
    const stream = await bench.images.save(["x:1"]);
    await bench.images.remove("x:1", { force: false, noprune: false, users: [] });
    expect((await new Response(stream).bytes()).length).toBeGreaterThan(100_000);
    await bench.images.collectSnapshots(); // the lowest chain has its blob's digest for a name, so the stream held it too
    await bench.content.collect({ ingestAgeMs: 0 });
    bench.expectClean();
  });

  test("remove takes chains that nothing needs and tells them", async () => {
    await using bench = await open();
    await bench.load(
      oldArchive([
        await makeImage({ ...spec, tags: ["x:1"] }),
        await makeImage({ layers: [spec.layers[0] ?? {}], tags: ["y:1"] }),
      ]),
    );
    const image = bench.images.resolve("x:1");
    expect(await bench.images.remove("x:1", { force: false, noprune: false, users: [] })).toEqual([
      { Untagged: "x:1" },
      { Deleted: image.id },
      { Deleted: image.layers[1]?.chainId ?? "" },
    ]);
    bench.expectClean();
  });

  test("a chain below a container stays until the container is gone", async () => {
    await using bench = await open();
    await bench.load(oldArchive([await makeImage({ ...spec, tags: ["x:1"] })]));
    const image = bench.images.resolve("x:1");
    const key = parseSnapshotKey("container");
    await bench.snapshots.prepare(key, image.layers.at(-1)?.chainId);
    expect(await bench.images.remove("x:1", { force: false, noprune: false, users: [] })).toEqual([
      { Untagged: "x:1" },
      { Deleted: image.id },
    ]);
    expect(await bench.images.collectSnapshots()).toBe(0);
    await bench.snapshots.remove(key);
    expect(await bench.images.collectSnapshots()).toBe(2);
    bench.expectClean();
  });

  test("import makes an image of one layer from any compression", async () => {
    await using bench = await open();
    const tar = await makeLayer({ "etc/a": "x".repeat(70_000) });
    const source = new Blob([await compressLayer(tar, "zstd")]).stream();
    const reference = parseReference("base:1");
    const messages = await Array.fromAsync(
      bench.images.import(source, { config: { Cmd: ["sh"] }, message: "Imported from -", reference }),
    );
    const image = bench.images.resolve("base:1");
    expect(messages.at(-1)).toEqual({ status: image.id });
    expect(image.layers.map((layer) => layer.diffId as string)).toEqual([digestOf(tar)]);
    expect(image.config.config).toEqual({ Cmd: ["sh"] });
    expect(bench.images.history(image)).toMatchObject([
      { Comment: "Imported from -", Tags: ["base:1"], CreatedBy: "" },
    ]);
    expect(bench.events).toEqual([`tag ${image.id}`, `import ${image.id}`]);
    await bench.expectValid();
  });

  test("commitLayer and create make a child", async () => {
    await using bench = await open();
    await bench.load(oldArchive([await makeImage({ ...spec, tags: ["x:1"] })]));
    const parent = bench.images.resolve("x:1");
    using lease = bench.leases.acquire();
    const top = parent.layers.at(-1)?.chainId;
    const key = parseSnapshotKey("step");
    await bench.snapshots.prepare(key, top);
    const directory = bench.snapshots.layerDirectory(key);
    const input = { directory, lease, ...(top ? { parent: top } : {}) };
    expect(await bench.images.commitLayer(input)).toBeUndefined();
    mkdirSync(join(directory, "new"));
    writeFileSync(join(directory, "new/file"), "hi");
    const layer = await bench.images.commitLayer(input);
    if (!layer) throw new Error("no layer");
    await bench.snapshots.commit(layer.chainId, key);
    const diff_ids = [...parent.config.rootfs.diff_ids, parseDiffId(layer.diffId)];
    const config = { ...parent.config, history: [], rootfs: { type: "layers" as const, diff_ids } };
    const child = await bench.images.create({ config, layers: [...parent.layers, layer], parent: parent.id, lease });
    expect(bench.images.children(parent.id)).toEqual([child.id]);
    expect(await bench.images.create({ config, layers: [...parent.layers, layer], lease })).toEqual(child);
    await bench.expectValid();
  });

  test("a read of an image costs microseconds and no file", async () => {
    await using bench = await open();
    await bench.load(oldArchive([await makeImage({ ...spec, tags: ["x:1"] })]));
    expect(existsSync(join(bench.root, "content"))).toBe(true);
    expect(bench.images.resolve("x:1")).toBe(bench.images.resolve("docker.io/library/x:1"));
  });
});
