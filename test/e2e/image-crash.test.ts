import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createUnpackPool, packEntries, type UnpackPool } from "#archive";
import { openOverlay } from "#snapshot/overlay";
import { removeTestTree } from "../support/remove.ts";
import { tag } from "../support/tag.ts";
import { makeImage, newArchive, oldArchive } from "../../src/image/testing.ts";
import { Bench } from "../../src/image/testing-bench.ts";

const rounds = 12;

const makeRoot = (): string => mkdtempSync(join(tmpdir(), tag));

let pool: UnpackPool;
beforeAll(() => {
  pool = createUnpackPool({ idleMs: 50 });
});
afterAll(async () => await pool[Symbol.asyncDispose]());

/** Another process that loads and removes for ever. */
const child = `
import { openOverlay } from ${JSON.stringify(join(import.meta.dir, "../../src/snapshot/overlay/mod.ts"))};
import { createUnpackPool } from ${JSON.stringify(join(import.meta.dir, "../../src/archive/mod.ts"))};
import { Bench } from ${JSON.stringify(join(import.meta.dir, "../../src/image/testing-bench.ts"))};
const [, , root, ...archives] = process.argv;
const bench = await Bench.open({ pool: createUnpackPool(), openSnapshots: openOverlay, makeRoot: () => root, removeRoot: () => {} }, root);
process.stdout.write("ready");
for (;;) {
  for (const path of archives) await bench.load(Bun.file(path).stream());
  for (const image of bench.images.list()) await bench.images.remove(image.id, { force: true, noprune: false, users: [] });
}
`;

describe.skipIf(process.getuid?.() !== 0)("kill -9", () => {
  test("at any moment leaves whole images or none, and the next boot nothing else", async () => {
    const root = makeRoot();
    const layers = [{ a: "x".repeat(300_000), b: "1" }, { "c/d": "y".repeat(90_000) }, { e: "z" }];
    const archives = await Promise.all(
      [
        oldArchive([await makeImage({ layers, tags: ["x:1"] })]),
        await newArchive([await makeImage({ layers: layers.slice(1), tags: ["y:1"] })], "gzip"),
      ].map(async (entries, at) => {
        const path = join(root, `${at}.tar`);
        await Bun.write(path, await new Response(packEntries(entries)).bytes());
        return path;
      }),
    );
    const script = join(root, "child.ts");
    writeFileSync(script, child);
    for (let round = 0; round < rounds; round++) await runAndKill([process.execPath, script, root, ...archives], round);
    await using bench = await Bench.open(
      { pool, openSnapshots: openOverlay, makeRoot, removeRoot: removeTestTree },
      root,
    );
    await bench.expectValid();
    bench.expectClean();
    for (const path of archives) await bench.load(Bun.file(path).stream());
    expect(bench.images.list()).toHaveLength(2);
    await bench.expectValid();
  }, 60_000);
});

/** Kills the process a little later each round, counted from when it is at work. */
async function runAndKill(command: string[], round: number): Promise<void> {
  const worker = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
  const { value } = await worker.stdout.getReader().read();
  if (value === undefined) throw new Error(`the child failed: ${await new Response(worker.stderr).text()}`);
  await Bun.sleep(round * 9 + Math.random() * 9);
  worker.kill("SIGKILL");
  await worker.exited;
}
