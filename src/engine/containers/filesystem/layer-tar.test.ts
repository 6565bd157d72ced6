import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTar } from "#archive";
import { parseChainId, parseContainerId, parseSnapshotKey, silentLogger } from "#core";
import { createMounter, openOverlay } from "#snapshot/overlay";
import { createLeases, openDatabase } from "#store";
import { removeTestTree } from "../../../../test/support/remove.ts";
import type { EngineDeps } from "../../deps.ts";
import { createInitLayers } from "../create/init-layer.ts";
import { containerLayerTar } from "./layer-tar.ts";

const id = parseContainerId("c".repeat(64));
const chain = parseChainId(`sha256:${"1".repeat(64)}`);

describe.skipIf(process.getuid?.() !== 0)("the layer that a container makes", () => {
  let root = "";
  let deps: EngineDeps;
  let close: () => Promise<void>;

  beforeEach(async () => {
    root = mkdtempSync(`/var/tmp/lighter-test-${process.pid}-layer-`);
    const [dataRoot, execRoot] = [join(root, "data"), join(root, "run")];
    for (const path of [dataRoot, execRoot]) mkdirSync(path);
    const database = openDatabase(join(root, "db"));
    const snapshots = openOverlay({ root: join(root, "snapshots"), database, logger: silentLogger });
    await snapshots.reconcile();
    const images = { list: () => [], collectSnapshots: async () => undefined };
    deps = {
      paths: { dataRoot, execRoot },
      snapshots,
      mounter: createMounter(),
      leases: createLeases(),
      images,
    } as unknown as EngineDeps;
    close = async () => {
      await snapshots[Symbol.asyncDispose]();
      database[Symbol.dispose]();
    };
  });
  afterEach(async () => {
    await close();
    removeTestTree(root);
  });

  /** An image whose one layer `fill` makes, and a container on it that `change` changes. */
  async function layerOf(fill: (root: string) => void, change: (root: string) => void): Promise<string[]> {
    const key = parseSnapshotKey("image");
    await deps.snapshots.prepare(key);
    fill(deps.snapshots.layerDirectory(key));
    await deps.snapshots.commit(chain, key);
    const mount = await deps.snapshots.prepare(parseSnapshotKey(id), await createInitLayers(deps).on(chain));
    const target = join(root, "merged");
    mkdirSync(target);
    deps.mounter.mount(mount, target);
    try {
      change(target);
    } finally {
      deps.mounter.unmount(target);
    }
    const found: string[] = [];
    for await (const { header } of readTar(containerLayerTar({ deps }, id)))
      found.push(`${header.type} ${header.path}`);
    return found;
  }

  const image = (top: string): void => {
    mkdirSync(join(top, "d"));
    writeFileSync(join(top, "d/f"), "f");
    writeFileSync(join(top, "gone"), "");
    mkdirSync(join(top, "etc"));
    writeFileSync(join(top, "etc/hosts"), "of the image");
  };

  test("nothing of a container that changed nothing", async () => {
    expect(await layerOf(image, () => undefined)).toEqual([]);
  });

  test("what it added and changed, and marks of what it deleted", async () => {
    const found = await layerOf(image, (top) => {
      writeFileSync(join(top, "d/new"), "");
      chmodSync(join(top, "d/f"), 0o600);
      unlinkSync(join(top, "gone"));
      symlinkSync("d", join(top, "link"));
    });
    expect(found).toEqual(["directory d", "file d/f", "file d/new", "file .wh.gone", "symlink link"]);
  });

  test("a directory made anew is opaque, and a socket is nothing", async () => {
    let server: { stop(): void } | undefined;
    const found = await layerOf(image, (top) => {
      rmSync(join(top, "d"), { recursive: true });
      mkdirSync(join(top, "d"));
      server = Bun.listen({ unix: join(top, "d/s"), socket: { data: () => undefined } });
    });
    expect(lstatSync(join(deps.snapshots.layerDirectory(parseSnapshotKey(id)), "d/s")).isSocket()).toBe(true);
    server?.stop();
    expect(found).toEqual(["directory d", "file d/.wh..wh..opq"]);
  });

  test("a mount point that the container removed is no deletion, unless the image has it", async () => {
    const found = await layerOf(image, (top) => {
      unlinkSync(join(top, ".dockerenv"));
      unlinkSync(join(top, "etc/mtab"));
      unlinkSync(join(top, "etc/hosts"));
      unlinkSync(join(top, "etc/hostname"));
    });
    expect(found).toEqual(["directory etc", "file etc/.wh.hosts"]);
  });
});
