import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { EngineError, parseDiffId, parseSnapshotKey, silentLogger, systemClock, type ImageId } from "#core";
import {
  compressGzip,
  createUnpackPool,
  decompress,
  packEntries,
  readTar,
  type TarInput,
  type UnpackPool,
} from "#archive";
import { openContentStore, type ContentStore } from "#content";
import type { Snapshotter } from "#snapshot";
import { openOverlay } from "#snapshot/overlay";
import { mediaTypes, parseReference, type ProgressMessage } from "#spec";
import { createLeases, openDatabase, type Database, type Leases } from "#store";
import { removeTestTree } from "../../test/support/remove.ts";
import { tag as testTag } from "../../test/support/tag.ts";
import { encodeJson } from "./config.ts";
import { openImageStore, validateImage, verifyBlobs, type ImageStore } from "./mod.ts";
import {
  arbitrarySpec,
  blobPath,
  compressLayer,
  descriptor,
  digestOf,
  entry,
  makeImage,
  makeLayer,
  newArchive,
  ociLayout,
  oldArchive,
  type TestImage,
} from "./testing.ts";

/** Everything an image store stands on, in a directory of its own. */
class Bench implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), testTag));
  database: Database = openDatabase(join(this.root, "db"));
  leases: Leases = createLeases();
  events: string[] = [];
  content!: ContentStore;
  snapshots!: Snapshotter;
  images!: ImageStore;

  static async open(): Promise<Bench> {
    const bench = new Bench();
    await bench.start();
    return bench;
  }

  /** What boot does, also after a crash: leases and memory are gone. */
  async start(): Promise<void> {
    const { database, root } = this;
    const leases = (this.leases = createLeases());
    const logger = silentLogger;
    this.content = await openContentStore({ root: join(root, "content"), database, leases, logger });
    this.snapshots = await openOverlay({ root: join(root, "snapshots"), database, logger, clock: systemClock });
    await this.content.reconcile();
    await this.snapshots.reconcile();
    const events = { emit: (action: string, id: ImageId) => void this.events.push(`${action} ${id}`) };
    const { content, snapshots } = this;
    this.images = await openImageStore({
      database,
      content,
      snapshots,
      leases,
      unpackPool: pool,
      events,
      logger,
      clock: systemClock,
    });
    expect(await this.images.reconcile()).toEqual({ broken: [] });
  }

  async load(entries: readonly TarInput[] | ReadableStream<Uint8Array>, quiet = true): Promise<ProgressMessage[]> {
    const stream = entries instanceof ReadableStream ? entries : packEntries(entries);
    return await Array.fromAsync(this.images.load(stream, { quiet }));
  }

  /** Nothing but what images need is there. */
  expectClean(): void {
    const images = this.images.list();
    const chains = new Set(images.flatMap((image) => image.layers.map((layer) => layer.chainId as string)));
    expect([...this.snapshots.walk()].map((item) => item.name as string).toSorted()).toEqual([...chains].toSorted());
    const blobs = new Set(
      images.flatMap((image) => [image.id as string, ...image.layers.map((layer) => layer.blob.digest as string)]),
    );
    expect([...this.content.walk()].map((blob) => blob.digest as string).toSorted()).toEqual([...blobs].toSorted());
    expect(readdirSync(join(this.root, "content/ingest"))).toEqual([]);
  }

  /** The image's files, as a container would see them. */
  async files(id: ImageId): Promise<Record<string, string>> {
    const all: Record<string, string> = {};
    for (const layer of this.images.get(id)?.layers ?? []) {
      const { stream } = await decompress(this.content.open(layer.blob.digest));
      for await (const item of readTar(stream)) all[item.header.path] = new TextDecoder().decode(await item.bytes());
    }
    return all;
  }

  async expectValid(): Promise<void> {
    for (const image of this.images.list()) {
      const parts = { ...this, configBytes: () => readFileSync(this.content.path(this.images.digestOf(image.id))) };
      expect(validateImage(image, parts)).toEqual([]);
      expect(await verifyBlobs(image, this.content)).toEqual([]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.images[Symbol.asyncDispose]();
    await this.snapshots[Symbol.asyncDispose]();
    await this.content[Symbol.asyncDispose]();
    this.database[Symbol.dispose]();
    removeTestTree(this.root);
  }
}

let pool: UnpackPool;
beforeAll(() => {
  pool = createUnpackPool({ idleMs: 50 });
});
afterAll(async () => await pool[Symbol.asyncDispose]());

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
    await using bench = await Bench.open();
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
        await using one = await Bench.open();
        await using two = await Bench.open();
        const images = await Promise.all(specs.map(makeImage));
        await one.load(await newArchive(images));
        const names = one.images
          .list()
          .flatMap((image) => (one.images.tags(image.id).length > 0 ? one.images.tags(image.id) : [image.id]));
        const saved = await new Response(await one.images.save(names)).bytes();
        expect(digestOf(await new Response(await one.images.save(names)).bytes())).toBe(digestOf(saved));
        await two.load(new Blob([saved as Uint8Array<ArrayBuffer>]).stream());
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
    await using bench = await Bench.open();
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
    await using bench = await Bench.open();
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
    await using bench = await Bench.open();
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
    await using bench = await Bench.open();
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
    await using bench = await Bench.open();
    const image = await makeImage(spec);
    const archive = await newArchive([image], "gzip");
    await Promise.all(Array.from({ length: 6 }, () => bench.load(archive)));
    expect(bench.images.list()).toHaveLength(1);
    await bench.images.collectSnapshots();
    await bench.expectValid();
    bench.expectClean();
  });

  describe("hostile or damaged archives are refused and leave nothing", () => {
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
      await using bench = await Bench.open();
      const error = await failure(make().then((entries) => bench.load(entries)));
      expect(["invalid", "corrupt", "exhausted"]).toContain(error.code);
      expect(error.message).toContain(message);
      expect(bench.images.list()).toEqual([]);
      bench.expectClean();
    });

    test("a truncated archive", async () => {
      await using bench = await Bench.open();
      const bytes = await new Response(packEntries(oldArchive([await base]))).bytes();
      await failure(bench.load(new Blob([bytes.subarray(0, 60_000) as Uint8Array<ArrayBuffer>]).stream()));
      bench.expectClean();
    });

    test("one bad image of two: neither is there", async () => {
      await using bench = await Bench.open();
      const good = await makeImage(spec);
      const bad = { ...(await base), layers: [await makeLayer({ a: "b" })] };
      await failure(bench.load(oldArchive([good, bad])));
      expect(bench.images.list()).toEqual([]);
      bench.expectClean();
    });
  });

  test("a reader that leaves early cancels the load, and nothing is left", async () => {
    await using bench = await Bench.open();
    const archive = packEntries(oldArchive([await makeImage(spec)]));
    for await (const _message of bench.images.load(archive, { quiet: false })) break;
    bench.expectClean();
  });

  test("what a crash left is gone after the next boot", async () => {
    await using bench = await Bench.open();
    await bench.load(oldArchive([await makeImage(spec)]));
    const key = parseSnapshotKey("unpack-left");
    await bench.snapshots.prepare(key);
    writeFileSync(join(bench.snapshots.layerDirectory(key), "half"), "x");
    const orphan = parseSnapshotKey("orphan");
    await bench.snapshots.prepare(orphan);
    await bench.snapshots.commit(`sha256:${"b".repeat(64)}` as never, orphan);
    await bench.content.put(new TextEncoder().encode("orphan"), bench.leases.acquire());
    await bench.start();
    bench.expectClean();
    expect(bench.images.list()).toHaveLength(1);
  });

  test("save: by repository all tags, by id no name, unknown names before the stream", async () => {
    await using bench = await Bench.open();
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
    await using bench = await Bench.open();
    await bench.load(oldArchive([await makeImage({ ...spec, tags: ["x:1"] })]));
    const stream = await bench.images.save(["x:1"]);
    await bench.images.remove("x:1", { force: false, noprune: false, users: [] });
    expect((await new Response(stream).bytes()).length).toBeGreaterThan(100_000);
    await bench.images.collectSnapshots(); // the lowest chain has its blob's digest for a name, so the stream held it too
    await bench.content.collect({ ingestAgeMs: 0 });
    bench.expectClean();
  });

  test("remove takes chains that nothing needs and tells them", async () => {
    await using bench = await Bench.open();
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
    await using bench = await Bench.open();
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
    await using bench = await Bench.open();
    const tar = await makeLayer({ "etc/a": "x".repeat(70_000) });
    const source = new Blob([(await compressLayer(tar, "zstd")) as Uint8Array<ArrayBuffer>]).stream();
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
    expect(bench.events).toEqual([`import ${image.id}`, `tag ${image.id}`]);
    await bench.expectValid();
  });

  test("commitLayer and create make a child", async () => {
    await using bench = await Bench.open();
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
    await using bench = await Bench.open();
    await bench.load(oldArchive([await makeImage({ ...spec, tags: ["x:1"] })]));
    expect(existsSync(join(bench.root, "content"))).toBe(true);
    expect(bench.images.resolve("x:1")).toBe(bench.images.resolve("docker.io/library/x:1"));
  });
});
