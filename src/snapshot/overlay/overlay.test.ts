import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { parseSnapshotKey, silentLogger } from "#core";
import { openDatabase } from "#store";
import type { Snapshotter } from "../mod.ts";
import { chain, snapshotterSuite } from "../suite.ts";
import { createMounter, openOverlay } from "./mod.ts";

const open = (root: string): Snapshotter => {
  mkdirSync(root, { recursive: true });
  const database = openDatabase(`${root}/db`);
  const overlay = openOverlay({ root: `${root}/snapshots`, database, logger: silentLogger });
  const close = overlay[Symbol.asyncDispose].bind(overlay);
  overlay[Symbol.asyncDispose] = async () => {
    await close();
    database[Symbol.dispose]();
  };
  return overlay;
};

snapshotterSuite("overlay", { open, mounter: createMounter() });

describe("repair", () => {
  let base = "";
  let snapshots: Snapshotter;
  beforeEach(() => {
    base = mkdtempSync("/var/tmp/lighter-snapshot-");
    snapshots = open(base);
  });
  afterEach(async () => {
    await snapshots[Symbol.asyncDispose]();
    if (base.startsWith("/var/tmp/lighter-snapshot-")) rmSync(base, { recursive: true, force: true });
  });

  test("directories without a row go, also those a crash left in the trash; others stay", async () => {
    await snapshots.prepare(parseSnapshotKey("k"));
    mkdirSync(`${base}/snapshots/4711/fs`, { recursive: true });
    mkdirSync(`${base}/snapshots/trash/1-old`);
    writeFileSync(`${base}/snapshots/foreign`, "");
    expect(await snapshots.reconcile()).toEqual({ removedDirectories: 2, damaged: [] });
    await snapshots[Symbol.asyncDispose]();
    expect(readdirSync(`${base}/snapshots`).toSorted()).toEqual(["1", "foreign", "trash"]);
    expect(readdirSync(`${base}/snapshots/trash`)).toEqual([]);
  });

  test("a row without its directory is reported and kept; a view has none to lose", async () => {
    await snapshots.prepare(parseSnapshotKey("layer"));
    await snapshots.commit(chain("a"), parseSnapshotKey("layer"));
    await snapshots.view(parseSnapshotKey("v"), chain("a"));
    rmSync(`${base}/snapshots/1`, { recursive: true });
    expect(await snapshots.reconcile()).toEqual({ removedDirectories: 0, damaged: [chain("a")] });
    expect(snapshots.stat(chain("a"))).toBeDefined();
  });

  test("a committed snapshot has no work directory", async () => {
    await snapshots.prepare(parseSnapshotKey("layer"));
    expect(existsSync(`${base}/snapshots/1/work`)).toBe(true);
    await snapshots.commit(chain("a"), parseSnapshotKey("layer"));
    expect(existsSync(`${base}/snapshots/1/work`)).toBe(false);
  });

  test("a leftover directory of an id is replaced", async () => {
    mkdirSync(`${base}/snapshots/1/fs`, { recursive: true });
    writeFileSync(`${base}/snapshots/1/fs/stale`, "");
    await snapshots.prepare(parseSnapshotKey("k"));
    expect(readdirSync(snapshots.layerDirectory(parseSnapshotKey("k")))).toEqual([]);
  });
});
