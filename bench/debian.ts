import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import { CommandFailed, runSync } from "./command.ts";
import type { Session } from "./session.ts";

export interface BigImage {
  /** Its files as a plain tar. */
  readonly rootfs: string;
  /** What it is and how large, for titles. */
  readonly facts: string;
}

const packages = "python3,perl,git,gcc,g++,make";

/** Made once and kept in the cache directory. Without debootstrap or a mirror: a tree of files of a like number and size. */
export function bigImage({ ours, options: { cache } }: Session): BigImage {
  mkdirSync(cache, { recursive: true });
  const kind = ["debian", "synthetic"].find((name) => existsSync(rootfsPath(cache, name))) ?? makeRootfs(ours, cache);
  const rootfs = rootfsPath(cache, kind);
  const size = Math.round(statSync(rootfs).size / 1e6);
  const what = kind === "debian" ? `a Debian with ${packages}` : "a synthetic tree (no debootstrap or no mirror here)";
  return { rootfs, facts: `${what}, ${size} MB` };
}

function rootfsPath(cache: string, kind: string): string {
  return join(cache, `${kind}-rootfs.tar`);
}

function makeRootfs(ours: Session["ours"], cache: string): string {
  console.error("making the Debian image, once …");
  try {
    const tag = "lighter-bench/debian:latest";
    ours.lighter(["image", "bootstrap", "debian", "--include", packages, "-t", tag], { env: { HOME: "/root" } });
    keep(ours, cache, "debian");
    return "debian";
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    console.error(`no Debian: ${error.message}`);
  }
  const tree = join(cache, "tree");
  fillTree(tree);
  runSync(["tar", "-C", tree, "-cf", join(cache, "tree.tar"), "."]);
  ours.engine.docker(["import", join(cache, "tree.tar"), "lighter-bench/synthetic:latest"]);
  for (const path of [tree, `${tree}.tar`]) rmSync(path, { recursive: true });
  keep(ours, cache, "synthetic");
  return "synthetic";
}

/** The image's only layer as a tar, whole or not at all; the image leaves our engine. */
function keep({ engine }: Session["ours"], cache: string, kind: string): void {
  const tag = `lighter-bench/${kind}:latest`;
  const path = rootfsPath(cache, kind);
  const archive = join(cache, `${kind}.part`);
  engine.docker(["save", "-o", archive, tag]);
  engine.docker(["rmi", "-f", tag]);
  const manifest = JSON.parse(runSync(["tar", "-xOf", archive, "manifest.json"]).stdout) as [{ Layers: [string] }];
  runSync(["tar", "-xOf", archive, manifest[0].Layers[0]], { output: `${path}.part` });
  rmSync(archive);
  renameSync(`${path}.part`, path);
}

/** 20,000 files of 30 kB in 1,000 directories; bytes that repeat little, like programs. */
function fillTree(root: string): void {
  rmSync(root, { recursive: true, force: true });
  const bytes = new Uint8Array(30_000);
  for (let directory = 0; directory < 1000; directory++) {
    mkdirSync(join(root, `${directory}`), { recursive: true });
    for (let number = 0; number < 20; number++) {
      randomFillSync(bytes, 0, 10_000);
      const file = openSync(join(root, `${directory}/${number}`), "w");
      writeSync(file, bytes);
      closeSync(file);
    }
  }
}
