import { closeSync, lstatSync, openSync, readdirSync, statfsSync, type Dirent } from "node:fs";
import { bindLibc, check } from "./libc.ts";

const libc = bindLibc({ syncfs: { args: ["i32"], returns: "i32" } });

/** Writes everything of the file system that holds `path` to disk. */
export function syncFs(path: string): void {
  const fd = openSync(path, "r");
  try {
    check(libc.syncfs(fd), "syncfs", path);
  } finally {
    closeSync(fd);
  }
}

export interface DiskUsage {
  /** Blocks in use, as `du` counts them. */
  readonly bytes: number;
  readonly inodes: number;
}

/**
 * Sum over a tree, itself included; hard links count once, other file systems below and links' targets do not. What is not
 * there, or goes meanwhile, counts nothing.
 */
export async function diskUsage(directory: string): Promise<DiskUsage> {
  const root = lstatSync(directory, { throwIfNoEntry: false });
  if (!root) return { bytes: 0, inodes: 0 };
  const walk = new UsageWalk(root.dev);
  const pending = [directory];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (!walk.count(path)) continue;
    for (const entry of entriesOf(path)) {
      const child = `${path}/${entry.name}`;
      if (entry.isDirectory()) pending.push(child);
      else walk.count(child);
    }
    await walk.pause();
  }
  return { bytes: walk.bytes, inodes: walk.inodes };
}

function entriesOf(path: string): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Removed since it was counted, and perhaps a file by now.
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}

class UsageWalk {
  bytes = 0;
  inodes = 0;
  #sincePause = 0;
  readonly #device: number;
  readonly #linked = new Set<number>();
  constructor(device: number) {
    this.#device = device;
  }

  /** True when the entry belongs to this file system. */
  count(path: string): boolean {
    this.#sincePause++;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined || stat.dev !== this.#device) return false;
    if (stat.nlink > 1 && !stat.isDirectory()) {
      if (this.#linked.has(stat.ino)) return true;
      this.#linked.add(stat.ino);
    }
    this.bytes += stat.blocks * 512;
    this.inodes++;
    return true;
  }

  /** Lets other work run now and then: a tree of 50 000 files takes a quarter of a second. */
  async pause(): Promise<void> {
    if (this.#sincePause < 512) return;
    this.#sincePause = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const fileSystemNames: Readonly<Record<number, string>> = {
  0xef53: "extfs",
  0x58465342: "xfs",
  0x9123683e: "btrfs",
  0x01021994: "tmpfs",
  0x794c7630: "overlayfs",
  0x2fc12fc1: "zfs",
  0xf2f52010: "f2fs",
  0x6969: "nfs",
  0x65735546: "fuse",
  0x63677270: "cgroup2",
  0x27e0eb: "cgroup",
};

export interface FileSystemFacts {
  /** As Docker's "Backing Filesystem" names it; `0x…` for others. */
  readonly type: string;
  readonly totalBytes: number;
  /** Free for unprivileged users. */
  readonly availableBytes: number;
  readonly freeInodes: number;
}

/** statfs(2) of the file system that holds `path`. */
export function statFs(path: string): FileSystemFacts {
  const stat = statfsSync(path);
  return {
    type: fileSystemNames[stat.type] ?? `0x${stat.type.toString(16)}`,
    totalBytes: stat.blocks * stat.bsize,
    availableBytes: stat.bavail * stat.bsize,
    freeInodes: stat.ffree,
  };
}
