import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { createUnpackPool, encodeTarHeader, type UnpackPool } from "./mod.ts";
import { makeScratch, tarOf } from "./testing.ts";

const code = (expected: string): unknown => expect.objectContaining({ name: "EngineError", code: expected });

describe.skipIf(process.getuid?.() !== 0)("unpack pool", () => {
  let scratch: ReturnType<typeof makeScratch>;
  let pool: UnpackPool;
  const root = (name: string): string => {
    mkdirSync(`${scratch.path}/${name}`);
    return `${scratch.path}/${name}`;
  };
  const file = (name: string, bytes: Uint8Array): { path: string } => {
    writeFileSync(`${scratch.path}/${name}`, bytes);
    return { path: `${scratch.path}/${name}` };
  };
  beforeEach(() => {
    scratch = makeScratch();
    pool = createUnpackPool({ maxWorkers: 2, idleMs: 50 });
  });
  afterEach(async () => {
    await pool[Symbol.asyncDispose]();
    scratch[Symbol.dispose]();
  });

  test("more jobs than threads, each with its own root, also after the threads ended", async () => {
    const source = file("tar.gz", gzipSync(await tarOf({ path: ".wh.f", body: "" }, { path: "f", body: "text" })));
    const results = await Promise.all(["a", "b", "c", "d", "e"].map((name) => pool.applyLayer(source, root(name))));
    expect(new Set(results.map(({ diffId }) => diffId)).size).toBe(1);
    expect(readFileSync(`${scratch.path}/e/f`, "utf8")).toBe("text");
    await new Promise((resolve) => setTimeout(resolve, 60));
    await pool.extractTar(source, root("later"), { into: "x" });
    expect(readFileSync(`${scratch.path}/later/x/f`, "utf8")).toBe("text");
  });

  test("errors keep their code; the thread lives on", async () => {
    const hostile = file("hostile", await tarOf({ path: "../x", body: "" }));
    const good = file("good", await tarOf({ path: "f", body: "" }));
    await expect(pool.applyLayer(hostile, root("a"))).rejects.toThrow(code("invalid"));
    await expect(pool.applyLayer(good, root("b"), { limits: { maxBytes: 10 } })).rejects.toThrow(code("exhausted"));
    await expect(pool.applyLayer({ path: `${scratch.path}/none` }, root("c"))).rejects.toThrow("ENOENT");
    expect((await pool.applyLayer(good, root("d"))).entries).toBe(1);
  });

  test("a job is canceled by its signal, and by the end of the pool", async () => {
    const endless = file(
      "zeros",
      Buffer.concat([encodeTarHeader({ path: "f", size: 2 ** 27 }), new Uint8Array(2 ** 27)]),
    );
    const abort = new AbortController();
    const one = pool.applyLayer(endless, root("a"), { signal: abort.signal });
    while (!existsSync(`${scratch.path}/a/f`)) await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    await expect(one).rejects.toThrow(code("canceled"));
    const two = pool.applyLayer(endless, root("b"));
    const failure = two.catch((error: unknown) => error);
    await pool[Symbol.asyncDispose]();
    expect(await failure).toEqual(code("canceled"));
    await expect(pool.applyLayer(endless, root("c"))).rejects.toThrow(code("canceled"));
  });
});
