import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  createSingleFlight,
  failpoint,
  isEngineError,
  parseChainId,
  parseSnapshotKey,
  randomHexId,
  type ChainId,
} from "#core";
import { resolvePath } from "#archive";
import type { EngineDeps } from "../../deps.ts";

/**
 * Between an image and each of its containers lies one thin layer with the mount points every container needs
 * (/dev, /proc, /sys, /etc/hosts …), made once per image. So a container's own layer holds only what the container
 * changed, and nothing is created on the start path.
 */
export interface InitLayers {
  /** The layer on `image`, made when it is not there. */
  on(image: ChainId | undefined): Promise<ChainId>;
  /** Removes the layers of images that are gone and that no container stands on; then what they stood on can go too. */
  drop(): Promise<void>;
}

type Drivers = Pick<EngineDeps, "snapshots" | "mounter" | "paths" | "leases" | "images">;

const directories = ["dev", "dev/pts", "dev/shm", "proc", "sys", "etc"];
const files = [".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/resolv.conf"];

/** Everything that the layer may hold, relative to the root. */
export const initPaths: readonly string[] = [...directories, ...files, "etc/mtab"];

/** Leases keep the layers of living images from being collected with the chains that no image names. */
export function createInitLayers(drivers: Drivers): InitLayers {
  const fly = createSingleFlight<ChainId>();
  let lease = drivers.leases.acquire();
  return {
    async on(image) {
      const name = initChainId(image);
      lease.add(name);
      return drivers.snapshots.stat(name) ? name : fly(name, () => makeInitLayer(drivers, image, name));
    },
    async drop() {
      using _before = lease;
      lease = drivers.leases.acquire();
      const wanted = new Set(drivers.images.list().map((image) => initChainId(image.layers.at(-1)?.chainId)));
      for (const name of wanted) lease.add(name);
      await removeUnwanted(drivers, wanted);
    },
  };
}

/** Name of the layer that lies on `image`. */
function initChainId(image: ChainId | undefined): ChainId {
  return parseChainId(
    `sha256:${createHash("sha256")
      .update(`init ${image ?? ""}`)
      .digest("hex")}`,
  );
}

async function makeInitLayer(
  { snapshots, mounter, paths }: Drivers,
  image: ChainId | undefined,
  name: ChainId,
): Promise<ChainId> {
  const key = parseSnapshotKey(`init-${randomHexId()}`);
  const root = join(paths.execRoot, key);
  const mount = await snapshots.prepare(key, image);
  try {
    fillMounted(mounter, mount, root);
    failpoint("init-layer.filled");
    await snapshots.commit(name, key);
  } catch (error) {
    if (isEngineError(error, "already_exists")) return name;
    await snapshots.remove(key);
    throw error;
  }
  return name;
}

function fillMounted(
  mounter: Drivers["mounter"],
  mount: Parameters<Drivers["mounter"]["mount"]>[0],
  root: string,
): void {
  mkdirSync(root, { recursive: true });
  try {
    mounter.mount(mount, root);
    try {
      failpoint("init-layer.mounted");
      fill(root);
    } finally {
      mounter.unmount(root);
    }
  } finally {
    rmdirSync(root);
  }
}

function fill(root: string): void {
  for (const path of directories) mkdirSync(within(root, path), { recursive: true, mode: 0o755 });
  for (const path of files) {
    const target = within(root, path);
    if (existsSync(target)) continue;
    mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
    writeFileSync(target, "", { mode: 0o755 });
  }
  const mtab = join(within(root, "etc"), "mtab");
  if (!lstatSync(mtab, { throwIfNoEntry: false })) symlinkSync("/proc/mounts", mtab);
}

/** Links of the image are followed inside of it. */
function within(root: string, path: string): string {
  return join(root, resolvePath(root, path));
}

async function removeUnwanted({ snapshots, images }: Drivers, wanted: ReadonlySet<ChainId>): Promise<void> {
  const found = [...snapshots.walk()].filter(({ kind }) => kind === "committed");
  const stale = found.map(({ name, parent }) => ({ name: parseChainId(name), init: initChainId(parent) }));
  for (const { name, init } of stale) {
    if (name !== init || wanted.has(name)) continue;
    await snapshots.removeCommitted(name).catch((error: unknown) => {
      if (!isEngineError(error, "conflict") && !isEngineError(error, "not_found")) throw error;
    });
  }
  await images.collectSnapshots();
}
