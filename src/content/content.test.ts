import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { EngineError, parseDigest, silentLogger, type Digest } from "#core";
import { createLeases, openDatabase, type Database, type Leases } from "#store";
import { removeTestTree } from "../../test/support/remove.ts";
import { tag } from "../../test/support/tag.ts";
import { openContentStore, type ContentStore } from "./mod.ts";

let root: string;
let database: Database;
let leases: Leases;
let content: ContentStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), tag));
  database = openDatabase(join(root, "db"));
  await reopen();
});
afterEach(async () => {
  await content[Symbol.asyncDispose]();
  database[Symbol.dispose]();
  removeTestTree(root);
});

/** A new process: leases are gone. */
async function reopen(): Promise<void> {
  leases = createLeases();
  content = await openContentStore({ root: join(root, "c"), database, leases, logger: silentLogger });
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const digestOf = (data: Uint8Array): Digest =>
  parseDigest(`sha256:${new Bun.CryptoHasher("sha256").update(data).digest("hex")}`);
const files = async (): Promise<string[]> =>
  (await readdir(join(root, "c"), { recursive: true, withFileTypes: true }))
    .filter((e) => e.isFile())
    .map((e) => e.name)
    .sort();
const textOf = (stream: ReadableStream<Uint8Array>): Promise<string> => new Response(stream).text();

test("bytes in, the same bytes out, under their digest", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 8 }), async (chunks) => {
      using lease = leases.acquire();
      const whole = Buffer.concat(chunks);
      await using ingest = await content.begin("x");
      for (const chunk of chunks) await ingest.write(chunk);
      const info = await ingest.commit({ lease });
      expect(info).toEqual({ digest: digestOf(whole), sizeBytes: whole.length });
      expect(Buffer.from(await content.read(info.digest, 1 << 20))).toEqual(whole);
    }),
    { numRuns: 30 },
  );
});

test("blobs larger than the write blocks are whole, and a caller may reuse its buffer", async () => {
  using lease = leases.acquire();
  const buffer = new Uint8Array(700_001);
  const hasher = new Bun.CryptoHasher("sha256");
  await using ingest = await content.begin("big");
  for (let round = 0; round < 9; round++) {
    buffer.fill(round);
    hasher.update(buffer);
    await ingest.write(buffer);
  }
  const { digest } = await ingest.commit({ lease });
  expect(digest).toBe(parseDigest(`sha256:${hasher.digest("hex")}`));
  const read = new Bun.CryptoHasher("sha256");
  for await (const chunk of content.open(digest)) read.update(chunk);
  expect(parseDigest(`sha256:${read.digest("hex")}`)).toBe(digest);
});

test("a range reads just that", async () => {
  using lease = leases.acquire();
  const { digest } = await content.put(bytes("0123456789"), lease);
  expect(await textOf(content.open(digest, { offset: 3, length: 4 }))).toBe("3456");
  expect(await textOf(content.open(digest, { offset: 8 }))).toBe("89");
  expect(await textOf(content.open(digest, { offset: 50, length: 4 }))).toBe("");
});

describe("wrong bytes", () => {
  test.each([
    ["digest", { digest: digestOf(bytes("other")) }],
    ["size", { digest: digestOf(bytes("hello")), sizeBytes: 4 }],
  ])("a wrong %s is corrupt and leaves nothing", async (_, expected) => {
    using lease = leases.acquire();
    await using ingest = await content.begin("x");
    await ingest.write(bytes("hello"));
    await expect(ingest.commit({ lease, expected })).rejects.toMatchObject({ code: "corrupt" });
    expect(await files()).toEqual([]);
    expect([...content.walk()]).toEqual([]);
  });

  test("what is not committed cannot be read", async () => {
    await using ingest = await content.begin("x");
    await ingest.write(bytes("hello"));
    expect(() => content.open(digestOf(bytes("hello")))).toThrow("no such blob");
  });

  test("sha512 is verified too", async () => {
    using lease = leases.acquire();
    const digest = parseDigest(`sha512:${new Bun.CryptoHasher("sha512").update("hi").digest("hex")}`);
    await using ingest = await content.begin("x");
    await ingest.write(bytes("hi"));
    expect(await ingest.commit({ lease, expected: { digest } })).toEqual({ digest, sizeBytes: 2 });
    expect(await textOf(content.open(digest))).toBe("hi");
  });
});

describe("resume", () => {
  test("the same name goes on where it stopped, also in a new process", async () => {
    {
      await using first = await content.begin("pull");
      await first.write(bytes("hel"));
    }
    await reopen();
    expect(await content.reconcile()).toEqual({ removedFiles: 0, missing: [] });
    using lease = leases.acquire();
    await using second = await content.begin("pull");
    expect(second.offset).toBe(3);
    await second.write(bytes("lo"));
    expect((await second.commit({ lease })).digest).toBe(digestOf(bytes("hello")));
  });

  test("without a name nothing is kept, neither by disposal nor by the next boot", async () => {
    {
      await using dropped = await content.begin();
      await dropped.write(bytes("hel"));
    }
    expect(await files()).toEqual([]);
    await using crashed = await content.begin();
    await crashed.write(bytes("hel"));
    await reopen();
    expect(await content.reconcile()).toEqual({ removedFiles: 1, missing: [] });
    expect(await files()).toEqual([]);
  });

  test("a name is open once at a time", async () => {
    await using ingest = await content.begin("x");
    await expect(content.begin("x")).rejects.toMatchObject({ code: "conflict" });
    await ingest.abort();
    await using again = await content.begin("x");
    expect(again.offset).toBe(0);
  });
});

test("concurrent ingests of one digest make one blob", async () => {
  using lease = leases.acquire();
  const results = await Promise.all(
    Array.from({ length: 8 }, async (_, n) => {
      await using ingest = await content.begin(`n${n}`);
      await ingest.write(bytes("same"));
      return (await ingest.commit({ lease })).digest;
    }),
  );
  expect(new Set(results).size).toBe(1);
  expect(await files()).toEqual([digestOf(bytes("same")).slice(7)]);
});

describe("collect", () => {
  test("keeps what a row or a lease holds", async () => {
    const lease = leases.acquire();
    const kept = await content.put(bytes("kept"), lease);
    const held = await content.put(bytes("held"), lease);
    content.retain(kept.digest);
    expect(await content.collect({ ingestAgeMs: 0 })).toBe(0);
    lease[Symbol.dispose]();
    expect(await content.collect({ ingestAgeMs: 0 })).toBe(4);
    expect(content.stat(held.digest)).toBeUndefined();
    content.release(kept.digest);
    expect(await content.collect({ ingestAgeMs: 0 })).toBe(4);
    expect(await files()).toEqual([]);
  });

  test("racing an ingest of the same digest never loses it", async () => {
    for (let round = 0; round < 20; round++) {
      leases.acquire()[Symbol.dispose]();
      await content.put(bytes("racy"), leases.acquire()).then(() => undefined);
      await reopen(); // forgets the lease
      using lease = leases.acquire();
      const [, info] = await Promise.all([content.collect({ ingestAgeMs: 0 }), content.put(bytes("racy"), lease)]);
      expect(await textOf(content.open(info.digest))).toBe("racy");
    }
  });

  test("drops old ingests and not the open ones", async () => {
    {
      await using left = await content.begin("left");
      await left.write(bytes("12345"));
    }
    await using open = await content.begin("open");
    await open.write(bytes("12"));
    expect(await content.collect({ ingestAgeMs: 60_000 })).toBe(0);
    expect(await content.collect({ ingestAgeMs: 0 })).toBe(5);
    expect(await files()).toHaveLength(1);
  });

  test("a reference to an unknown blob is refused, and takes its transaction with it", () => {
    const digest = digestOf(bytes("none"));
    expect(() => database.transaction(() => content.retain(digest))).toThrow(EngineError);
  });
});

test("boot drops files without a row and reports rows without a file", async () => {
  const lease = leases.acquire();
  const good = await content.put(bytes("good"), lease);
  const lost = await content.put(bytes("lost"), lease);
  await rm(content.path(lost.digest));
  await writeFile(join(root, "c/blobs/sha256", "f".repeat(64)), "stray");
  await writeFile(join(root, "c/ingest/999"), "stray");
  await reopen();
  expect(await content.reconcile()).toEqual({ removedFiles: 2, missing: [lost.digest] });
  expect(await files()).toEqual([good.digest.slice(7)]);
});

test("a lost blob is absent until the same bytes come again, and keeps its references", async () => {
  const { digest } = await content.put(bytes("lost"), leases.acquire());
  content.retain(digest);
  await rm(content.path(digest));
  await reopen();
  await content.reconcile();
  expect(content.stat(digest)).toBeUndefined();
  using lease = leases.acquire();
  await content.put(bytes("lost"), lease);
  expect(await textOf(content.open(digest))).toBe("lost");
  await reopen();
  expect(await content.reconcile()).toEqual({ removedFiles: 0, missing: [] });
  expect(await content.collect({ ingestAgeMs: 0 })).toBe(0);
});

describe.skipIf(process.getuid?.() !== 0)("a full disk", () => {
  test("is exhausted, and leaves neither file nor row", async () => {
    const small = join(root, "small");
    await mkdir(small);
    expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small]).exitCode).toBe(0);
    try {
      const store = await openContentStore({ root: join(small, "c"), database, leases, logger: silentLogger });
      using lease = leases.acquire();
      const write = async (): Promise<void> => {
        await using ingest = await store.begin("large");
        for (let block = 0; block < 10; block++) await ingest.write(new Uint8Array(1 << 20).fill(block));
        await ingest.commit({ lease });
      };
      await expect(write()).rejects.toMatchObject({ code: "exhausted", message: "no space left on device" });
      expect(await readdir(join(small, "c/ingest"))).toEqual([]);
      expect([...store.walk()]).toEqual([]);
      const { digest } = await store.put(bytes("still works"), lease);
      expect(await textOf(store.open(digest))).toBe("still works");
    } finally {
      expect(Bun.spawnSync(["umount", small]).exitCode).toBe(0);
    }
  });
});
