import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "#core";
import { syncDirectory } from "#store";

export const algorithms = ["sha256", "sha512"] as const;

/** Where things lie beneath the root of a content store. */
export class ContentPaths {
  readonly root: string;
  readonly ingests: string;

  /** @param root absolute */
  constructor(root: string) {
    this.root = root;
    this.ingests = join(root, "ingest");
  }

  blobs(algorithm: (typeof algorithms)[number]): string {
    return join(this.root, "blobs", algorithm);
  }

  /** A digest is checked by its parser, so it can be a path. */
  blob(digest: Digest): string {
    return join(this.root, "blobs", digest.replace(":", "/"));
  }

  ingest(id: number): string {
    return join(this.ingests, String(id));
  }

  async create(): Promise<void> {
    for (const path of [this.ingests, ...algorithms.map((name) => this.blobs(name))]) {
      await mkdir(path, { recursive: true, mode: 0o700 });
    }
    await syncDirectory(this.root);
  }
}
