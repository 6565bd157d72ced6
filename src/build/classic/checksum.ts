import { createHash, type Hash } from "node:crypto";
import { createIgnoreMatcher, packTree, readTar, type TarHeader } from "#archive";
import type { CopySource } from "./sources.ts";

/**
 * What a source is, for the layer cache and history: `file:<hex>` or `dir:<hex>` over path, type, mode, owner, link target,
 * extended attributes and content of each entry; times do not count.
 */
export async function checksumSource(
  source: CopySource,
  excludes: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash("sha256");
  for await (const { header, body } of readTar(packSource(source, excludes, signal))) {
    addHeader(hash, header);
    for await (const chunk of body) hash.update(chunk);
  }
  return `${source.isDirectory ? "dir" : "file"}:${hash.digest("hex")}`;
}

/** One text for several sources. */
export function joinChecksums(sums: readonly string[]): string {
  const [only = ""] = sums;
  if (sums.length === 1) return only;
  return `multi:${createHash("sha256").update(sums.join(",")).digest("hex")}`;
}

function addHeader(hash: Hash, header: TarHeader): void {
  const xattrs = [...header.xattrs].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const fields = [header.path, header.type, header.mode, header.uid, header.gid, header.linkPath, header.size];
  const attributes = xattrs.map(([name, value]) => [name, Buffer.from(value).toString("hex")]);
  hash.update(JSON.stringify([...fields, header.devMajor, header.devMinor, attributes]));
}

/** A tar of a source: a directory's contents, or the one entry under its name. */
export function packSource(
  source: CopySource,
  excludes: readonly string[],
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const matcher = excludes.length > 0 ? createIgnoreMatcher(excludes) : undefined;
  const filter = (path: string, isDirectory: boolean): "keep" | "skip" | "prune" => {
    if (matcher === undefined || !matcher.excludes(path)) return "keep";
    return isDirectory && matcher.prunes(path) ? "prune" : "skip";
  };
  return packTree(source.root, {
    ...(source.path === "" ? {} : { from: source.path }),
    ...(source.isDirectory ? {} : { as: source.name }),
    ...(matcher && source.isDirectory ? { filter } : {}),
    signal,
  });
}
