import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runSync } from "./command.ts";

/**
 * An image that differs from the big one by a file, so that no engine has its layer. Images are not removed between
 * samples instead: ext4 passes over inodes that were freed in the last minute, one by one, and files made after a large
 * removal take many times longer.
 */
export interface Variant extends Disposable {
  readonly tag: string;
  /** docker-archive. */
  readonly archive: string;
  /** Its layer as a plain tar. */
  readonly rootfs: string;
}

export function makeVariant(rootfs: string, scratch: string, number: number): Variant {
  const directory = join(scratch, `variant-${number}`);
  mkdirSync(directory);
  const layer = join(directory, "layer.tar");
  copyFileSync(rootfs, layer);
  writeFileSync(join(directory, "variant"), `${process.pid} ${number}\n`);
  runSync(["tar", "-C", directory, "-rf", layer, "variant"]);
  const diffId = runSync(["sha256sum", layer]).stdout.slice(0, 64);
  const tag = variantTag(number);
  writeFileSync(join(directory, "config.json"), JSON.stringify(configOf(diffId)));
  const manifest = [{ Config: "config.json", RepoTags: [tag], Layers: ["layer.tar"] }];
  writeFileSync(join(directory, "manifest.json"), JSON.stringify(manifest));
  const archive = join(directory, "image.tar");
  runSync(["tar", "-C", directory, "-cf", archive, "manifest.json", "config.json", "layer.tar"]);
  return { tag, archive, rootfs: layer, [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
}

export function variantTag(number: number): string {
  return `lighter-bench/variant-${number}:latest`;
}

function configOf(diffId: string): object {
  return {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    created: "2026-01-01T00:00:00Z",
    config: { Cmd: ["bash"] },
    history: [{ created: "2026-01-01T00:00:00Z", created_by: "bench" }],
    rootfs: { type: "layers", diff_ids: [`sha256:${diffId}`] },
  };
}
