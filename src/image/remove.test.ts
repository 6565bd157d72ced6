import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { parseDiffId, silentLogger, systemClock, type ImageId } from "#core";
import { openContentStore, type ContentStore } from "#content";
import { chainIds, parseReference, type ImageConfig } from "#spec";
import { createLeases, openDatabase, type Database } from "#store";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTestTree } from "../../test/support/remove.ts";
import { tag as testTag } from "../../test/support/tag.ts";
import { ImageCatalog } from "./catalog.ts";
import { encodeConfig, imageIdOf } from "./config.ts";
import type { ImageUser } from "./contract.ts";
import { imageHistory } from "./history.ts";
import { ImageRemoval, type RemoveOptions } from "./remove.ts";
import { resolveImage } from "./resolve.ts";

let root: string;
let database: Database;
let content: ContentStore;
let catalog: ImageCatalog;
let events: string[];
const leases = createLeases();
const container = "c".repeat(64);

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), testTag));
  database = openDatabase(":memory:");
  content = await openContentStore({ root: join(root, "content"), database, leases, logger: silentLogger });
  catalog = new ImageCatalog({ database, content, clock: systemClock });
  events = [];
});
afterEach(() => {
  database[Symbol.dispose]();
  removeTestTree(root);
});

/** An image with one layer per letter of `layers`; a parent shares its letters. */
async function add(
  layers: string,
  options: { readonly parent?: ImageId; readonly tags?: readonly string[]; readonly note?: string } = {},
): Promise<ImageId> {
  using lease = leases.acquire();
  const diffIds = Array.from(layers).map((letter) =>
    parseDiffId(`sha256:${Buffer.from(letter).toString("hex").repeat(32)}`),
  );
  const config: ImageConfig = {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: diffIds },
    history: Array.from(layers).map((letter) => ({ created_by: letter, created: "2024-05-01T00:00:00Z" })),
    ...(options.note === undefined ? {} : { author: options.note }),
  };
  const configBytes = encodeConfig(config);
  const id = imageIdOf(configBytes);
  await content.put(configBytes, lease);
  const chain = chainIds(diffIds);
  const records = await Promise.all(
    Array.from(layers).map(async (letter, at) => {
      const { digest, sizeBytes } = await content.put(new TextEncoder().encode(letter), lease);
      const [diffId, chainId] = [diffIds[at], chain[at]];
      if (!diffId || !chainId) throw new Error("no layer");
      return { diffId, chainId, blob: { mediaType: "x", digest, size: sizeBytes }, unpackedBytes: 10 };
    }),
  );
  const tags = (options.tags ?? []).map((name) => ({ id, reference: parseReference(name) }));
  catalog.insert(
    [{ id, configBytes, config, layers: records, ...(options.parent ? { parent: options.parent } : {}) }],
    tags,
  );
  return id;
}

async function remove(name: string, options: Partial<RemoveOptions> = {}): Promise<string[]> {
  const removal = new ImageRemoval(
    {
      catalog,
      events: { emit: (action, id) => void events.push(`${action} ${id.slice(7, 11)}`) },
      removeChains: (image) => {
        const gone = image.layers.toReversed().filter((layer) => catalog.chainUsers(layer.chainId) === 0);
        return Promise.resolve(gone.map((layer) => `chain${image.layers.indexOf(layer)}`));
      },
    },
    { force: false, noprune: false, users: [], ...options },
  );
  const items = await removal.run(name);
  return items.map((item) => ("Untagged" in item ? `-${item.Untagged}` : item.Deleted));
}

const user = (imageId: ImageId, running = false): ImageUser => ({ containerId: container, imageId, running });

describe("remove by name", () => {
  test("of several tags takes one", async () => {
    await add("a", { tags: ["x:1", "x:2"] });
    expect(await remove("x:1")).toEqual(["-x:1"]);
    await expect(remove("x:1")).rejects.toThrow("No such image: x:1");
  });

  test("the last tag takes image, layers and untagged parents, children first", async () => {
    const base = await add("a", { tags: ["base"] });
    const middle = await add("ab", { parent: base });
    const top = await add("abc", { parent: middle, tags: ["x"] });
    expect(await remove("x")).toEqual(["-x:latest", top, "chain2", middle, "chain1"]);
    expect(catalog.list().map((image) => image.id)).toEqual([base]);
    expect(events).toEqual([
      `untag ${top.slice(7, 11)}`,
      `delete ${top.slice(7, 11)}`,
      `delete ${middle.slice(7, 11)}`,
    ]);
  });

  test("without pruning, parents stay", async () => {
    const base = await add("a");
    const top = await add("ab", { parent: base, tags: ["x"] });
    expect(await remove("x", { noprune: true })).toEqual(["-x:latest", top, "chain1"]);
    expect(catalog.get(base)).toBeDefined();
  });

  test("an image with children loses only its name", async () => {
    const base = await add("a", { tags: ["base"] });
    await add("ab", { parent: base });
    expect(await remove("base")).toEqual(["-base:latest"]);
    expect(catalog.get(base)).toBeDefined();
  });

  test("digests of a repository go with its last tag", async () => {
    const digest = `sha256:${"d".repeat(64)}`;
    const id = await add("a", { tags: ["x:1", `x@${digest}`, "y:1"] });
    expect(await remove("x:1")).toEqual(["-x:1", `-x@${digest}`]);
    expect(await remove("y:1")).toEqual(["-y:1", id, "chain0"]);
  });

  test("a container of it forbids the last tag, unless forced", async () => {
    const id = await add("a", { tags: ["x"] });
    const users = [user(id)];
    await expect(remove("x", { users })).rejects.toThrow(
      `conflict: unable to remove repository reference "x" (must force) - container cccccccccccc is using its referenced image ${id.slice(7, 19)}`,
    );
    expect(await remove("x", { users, force: true })).toEqual(["-x:latest", id, "chain0"]);
  });

  test("forced, with a running container, it is untagged and stays", async () => {
    const id = await add("a", { tags: ["x"] });
    expect(await remove("x", { users: [user(id, true)], force: true })).toEqual(["-x:latest"]);
    expect(catalog.get(id)).toBeDefined();
  });
});

describe("remove by id", () => {
  test("with one tag takes all", async () => {
    const id = await add("a", { tags: ["x"] });
    expect(await remove(id.slice(7, 15))).toEqual(["-x:latest", id, "chain0"]);
    expect([...content.walk()]).toHaveLength(2);
    expect(await content.collect({ ingestAgeMs: 0 })).toBeGreaterThan(0);
    expect([...content.walk()]).toHaveLength(0);
  });

  test.each([
    ["with several tags", "be forced", "image is referenced in multiple repositories", ["x:1", "x:2"], []],
    [
      "in use by a stopped container",
      "be forced",
      "image is being used by stopped container cccccccccccc",
      ["x"],
      [false],
    ],
  ])("%s needs force", async (_, must, reason, tags, running) => {
    const id = await add("a", { tags });
    const users = running.map((state) => user(id, state));
    await expect(remove(id, { users })).rejects.toThrow(
      `conflict: unable to delete ${id.slice(7, 19)} (must ${must}) - ${reason}`,
    );
    expect(catalog.names.of(id)).toHaveLength(tags.length);
    expect(await remove(id, { users, force: true })).toContain(id);
  });

  test("children and running containers forbid it, forced or not", async () => {
    const base = await add("a");
    const top = await add("ab", { parent: base });
    const short = base.slice(7, 19);
    await expect(remove(base, { force: true })).rejects.toThrow(
      `conflict: unable to delete ${short} (cannot be forced) - image has dependent child images`,
    );
    await expect(remove(top, { force: true, users: [user(top, true)] })).rejects.toThrow(
      "(cannot be forced) - image is being used by running container cccccccccccc",
    );
  });
});

describe("resolve", () => {
  test("a name wins over an id that starts so", async () => {
    const first = await add("a", { tags: ["x"] });
    const second = await add("b");
    const prefix = second.slice(7, 13);
    expect(resolveImage(catalog, prefix).id).toBe(second);
    catalog.tag(first, parseReference(prefix));
    expect(resolveImage(catalog, prefix).id).toBe(first);
    expect(resolveImage(catalog, `sha256:${prefix}`).id).toBe(second);
  });

  test("an ambiguous prefix is no image", async () => {
    for (let n = 0; n < 20; n++) await add("a", { note: String(n) });
    const prefixes = catalog.list().map((image) => image.id.slice(7, 8));
    const twice = prefixes.find((prefix, at) => prefixes.indexOf(prefix) !== at) ?? "";
    expect(() => resolveImage(catalog, twice)).toThrow(`No such image: ${twice}:latest`);
  });

  test.each([
    ["nosuch", "No such image: nosuch:latest"],
    ["nosuch:1", "No such image: nosuch:1"],
    ["a/b", "No such image: a/b:latest"],
    ["localhost:5000/x", "No such image: localhost:5000/x:latest"],
    [`nosuch@sha256:${"a".repeat(64)}`, `No such image: nosuch@sha256:${"a".repeat(64)}`],
    ["a".repeat(64), `No such image: sha256:${"a".repeat(64)}`],
    ["sha256:abc", "No such image: sha256:abc"],
    ["sha256:zz", "No such image: sha256:zz"],
    ["abcdef0", "No such image: abcdef0:latest"],
    ["UPPER", "invalid reference format: repository name (library/UPPER) must be lowercase"],
    ["x:::y", "invalid reference format"],
    ["", "invalid reference format"],
  ])("%p: %s", (name, message) => {
    expect(() => resolveImage(catalog, name)).toThrow(message);
  });
});

test("history names local parents and their tags, and what is missing", async () => {
  const base = await add("a", { tags: ["base"] });
  const top = await add("ab", { parent: base });
  const stray = await add("abc");
  const read = (id: ImageId): unknown[] =>
    imageHistory(catalog, resolveImage(catalog, id)).map((item) => [item.Id, item.CreatedBy, item.Tags, item.Size]);
  expect(read(top)).toEqual([
    [top, "b", null, 10],
    [base, "a", ["base:latest"], 10],
  ]);
  expect(read(stray)).toEqual([
    [stray, "c", null, 10],
    ["<missing>", "b", null, 10],
    ["<missing>", "a", null, 10],
  ]);
});

test("a new process reads the same images, names and parents", async () => {
  const base = await add("a", { tags: ["base", "two:2"] });
  const top = await add("ab", { parent: base, tags: [`x@sha256:${"e".repeat(64)}`] });
  const again = new ImageCatalog({ database, content, clock: systemClock });
  expect(again.list().toSorted(byId)).toEqual(catalog.list().toSorted(byId));
  expect(again.children(base)).toEqual([top]);
  expect(again.names.of(base)).toEqual(catalog.names.of(base));
  expect(again.names.of(top)).toEqual(catalog.names.of(top));
});

const byId = (a: { id: ImageId }, b: { id: ImageId }): number => (a.id < b.id ? -1 : 1);

test("a tag moves, and a failed insert changes neither rows nor memory", async () => {
  const one = await add("a", { tags: ["x"] });
  const two = await add("b", { tags: ["x"] });
  expect(resolveImage(catalog, "x").id).toBe(two);
  expect(catalog.names.of(one)).toEqual([]);
  const before = catalog.list().length;
  const broken = {
    ...resolveImage(catalog, two),
    id: imageIdOf(new Uint8Array([1])),
    configBytes: new Uint8Array([1]),
  };
  expect(() => catalog.insert([broken], [{ id: broken.id, reference: parseReference("x") }])).toThrow("no such blob");
  expect(catalog.list()).toHaveLength(before);
  expect(resolveImage(catalog, "x").id).toBe(two);
});
