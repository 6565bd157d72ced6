/* oxlint-disable max-lines-per-function, typescript/await-thenable -- a test suite in a shared file: the rules are those of *.test.ts */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { type ChainId, parseChainId, parseSnapshotKey } from "#core";
import type { Mounter, Snapshotter } from "./mod.ts";

/** One snapshotter in a fresh root; opened again on the same root, it must find its state. */
export interface SnapshotterSubject {
  open(root: string): Snapshotter;
  readonly mounter: Mounter;
}

export const chain = (digit: string): ChainId => parseChainId(`sha256:${digit.repeat(64)}`);
const key = parseSnapshotKey;
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** What every {@link Snapshotter} must do (`src/snapshot/mod.ts`). Needs root, as it mounts. */
export function snapshotterSuite(kind: string, subject: SnapshotterSubject): void {
  describe.skipIf(process.getuid?.() !== 0)(`${kind} snapshotter`, () => {
    let base = "";
    let snapshots: Snapshotter;
    beforeEach(() => {
      base = mkdtempSync("/var/tmp/lighter-snapshot-");
      mkdirSync(`${base}/mnt`);
      snapshots = subject.open(`${base}/root`);
    });
    afterEach(async () => {
      subject.mounter.unmount(`${base}/mnt`);
      await snapshots[Symbol.asyncDispose]();
      if (base.startsWith("/var/tmp/lighter-snapshot-")) rmSync(base, { recursive: true, force: true });
    });

    const layer = async (digit: string, files: Record<string, string>, parent?: ChainId): Promise<void> => {
      await snapshots.prepare(key(`layer-${digit}`), parent);
      const directory = snapshots.layerDirectory(key(`layer-${digit}`));
      for (const [path, text] of Object.entries(files)) writeFileSync(`${directory}/${path}`, text);
      await snapshots.commit(chain(digit), key(`layer-${digit}`));
    };

    test("a committed stack is seen through a mount, writes stay above it", async () => {
      await layer("a", { low: "1", both: "old" });
      await layer("b", { high: "2", both: "new" }, chain("a"));
      subject.mounter.mount(await snapshots.prepare(key("c"), chain("b")), `${base}/mnt`);
      expect(readdirSync(`${base}/mnt`).toSorted()).toEqual(["both", "high", "low"]);
      expect(readFileSync(`${base}/mnt/both`, "utf8")).toBe("new");
      writeFileSync(`${base}/mnt/low`, "changed");
      rmSync(`${base}/mnt/high`);
      subject.mounter.unmount(`${base}/mnt`);
      subject.mounter.mount(await snapshots.view(key("v"), chain("b")), `${base}/mnt`);
      expect(readFileSync(`${base}/mnt/low`, "utf8")).toBe("1");
      expect(existsSync(`${base}/mnt/high`)).toBe(true);
    });

    test("views cannot be written, with none, one or two layers", async () => {
      await layer("a", { x: "1" });
      await layer("b", { y: "2" }, chain("a"));
      for (const [index, parent] of [undefined, chain("a"), chain("b")].entries()) {
        subject.mounter.mount(await snapshots.view(key(`v${index}`), parent), `${base}/mnt`);
        expect(readdirSync(`${base}/mnt`)).toHaveLength(index);
        expect(() => writeFileSync(`${base}/mnt/new`, "")).toThrow("EROFS");
        subject.mounter.unmount(`${base}/mnt`);
        expect(() => snapshots.layerDirectory(key(`v${index}`))).toThrow(code("invalid"));
      }
    });

    test("a first layer is written through its own mount", async () => {
      const mount = await snapshots.prepare(key("k"));
      expect(snapshots.mount(key("k"))).toEqual(mount);
      subject.mounter.mount(mount, `${base}/mnt`);
      writeFileSync(`${base}/mnt/f`, "text");
      expect(readFileSync(`${snapshots.layerDirectory(key("k"))}/f`, "utf8")).toBe("text");
    });

    test("a new root looks like the one below", async () => {
      await snapshots.prepare(key("k"));
      const mode = 0o1711;
      Bun.spawnSync(["/bin/chmod", mode.toString(8), snapshots.layerDirectory(key("k"))]);
      Bun.spawnSync(["/bin/chown", "12:34", snapshots.layerDirectory(key("k"))]);
      await snapshots.commit(chain("a"), key("k"));
      await snapshots.prepare(key("l"), chain("a"));
      const own = statSync(snapshots.layerDirectory(key("l")));
      expect([own.mode & 0o7777, own.uid, own.gid]).toEqual([mode, 12, 34]);
    });

    test("names: taken keys, missing parents, missing keys", async () => {
      await snapshots.prepare(key("k"));
      await expect(snapshots.prepare(key("k"))).rejects.toThrow(code("already_exists"));
      await expect(snapshots.view(key("k"))).rejects.toThrow(code("already_exists"));
      await expect(snapshots.prepare(key("l"), chain("f"))).rejects.toThrow(code("not_found"));
      await expect(snapshots.remove(key("nothing"))).rejects.toThrow(code("not_found"));
      await expect(snapshots.removeCommitted(chain("f"))).rejects.toThrow(code("not_found"));
      await expect(snapshots.commit(chain("f"), key("nothing"))).rejects.toThrow(code("not_found"));
      await expect(snapshots.usage(key("nothing"))).rejects.toThrow(code("not_found"));
      expect(() => snapshots.mount(key("nothing"))).toThrow(code("not_found"));
      expect(snapshots.statKey(key("l"))).toBeUndefined();
    });

    test("a commit under a taken name discards the key", async () => {
      await layer("a", { first: "1" });
      await snapshots.prepare(key("again"));
      await expect(snapshots.commit(chain("a"), key("again"))).rejects.toThrow(code("already_exists"));
      expect(snapshots.statKey(key("again"))).toBeUndefined();
      subject.mounter.mount(await snapshots.view(key("v"), chain("a")), `${base}/mnt`);
      expect(readdirSync(`${base}/mnt`)).toEqual(["first"]);
    });

    test("two commits of one name: one wins, both keys are gone", async () => {
      await Promise.all([snapshots.prepare(key("x")), snapshots.prepare(key("y"))]);
      const commits = ["x", "y"].map((one) => snapshots.commit(chain("a"), key(one)));
      const results = await Promise.allSettled(commits);
      expect(results.map((result) => result.status).toSorted()).toEqual(["fulfilled", "rejected"]);
      expect([...snapshots.walk()].map((info) => info.name)).toEqual([chain("a")]);
    });

    test("nothing is removed from under its children", async () => {
      await layer("a", {});
      await layer("b", {}, chain("a"));
      await snapshots.prepare(key("k"), chain("b"));
      await expect(snapshots.removeCommitted(chain("a"))).rejects.toThrow(code("conflict"));
      await expect(snapshots.removeCommitted(chain("b"))).rejects.toThrow(code("conflict"));
      await snapshots.remove(key("k"));
      await snapshots.removeCommitted(chain("b"));
      await snapshots.removeCommitted(chain("a"));
      expect([...snapshots.walk()]).toEqual([]);
    });

    test("usage is what the layer's own files take; walk tells parents first", async () => {
      await layer("a", { big: "x".repeat(100_000) });
      await layer("b", { small: "" }, chain("a"));
      const [first, second] = [...snapshots.walk()];
      expect([first?.name, second?.name, second?.parent]).toEqual([chain("a"), chain("b"), chain("a")]);
      expect(first?.usage?.bytes).toBeGreaterThanOrEqual(100_000);
      expect(second?.usage?.bytes).toBeLessThan(100_000);
      expect(await snapshots.usage(chain("a"))).toEqual(first?.usage ?? { bytes: -1, inodes: -1 });
      await snapshots.prepare(key("k"), chain("b"));
      expect((await snapshots.usage(key("k"))).inodes).toBe(1);
    });

    test("a new process finds all of it; removed files are gone from disk", async () => {
      await layer("a", { f: "1" });
      await snapshots.prepare(key("k"), chain("a"));
      const before = [...snapshots.walk()];
      await snapshots[Symbol.asyncDispose]();
      snapshots = subject.open(`${base}/root`);
      expect(await snapshots.reconcile()).toEqual({ removedDirectories: 0, damaged: [] });
      expect([...snapshots.walk()]).toEqual(before);
      const directory = snapshots.layerDirectory(key("k"));
      await snapshots.remove(key("k"));
      await snapshots[Symbol.asyncDispose]();
      expect(existsSync(directory)).toBe(false);
    });

    test("more layers than one page of mount options holds", async () => {
      const digits = Array.from({ length: 128 }, (_, n) => n.toString(16).padStart(2, "0"));
      let parent: ChainId | undefined;
      for (const digit of digits) {
        const name = parseChainId(`sha256:${digit.repeat(32)}`);
        await snapshots.prepare(key(digit), parent);
        writeFileSync(`${snapshots.layerDirectory(key(digit))}/${digit}`, "");
        await snapshots.commit(name, key(digit));
        parent = name;
      }
      subject.mounter.mount(await snapshots.prepare(key("top"), parent), `${base}/mnt`);
      expect(readdirSync(`${base}/mnt`)).toHaveLength(digits.length);
    });
  });
}
