import * as v from "valibot";
import { EngineError, parseImageId, type Digest, type ImageId } from "#core";
import { parseReference, type Reference } from "#spec";
import { parseJson } from "../config.ts";

/** One image that an archive says it holds. */
export interface ArchivedImage {
  /** Path of its config. */
  readonly config: string;
  /** Paths of its layers, bottom first. */
  readonly layers: readonly string[];
  readonly tags: readonly Reference[];
  readonly parent?: ImageId;
}

const maxImages = 10_000;
const maxLayers = 1024;

const manifestItem = v.looseObject({
  Config: v.string(),
  RepoTags: v.nullish(v.array(v.string()), []),
  Layers: v.nullish(v.pipe(v.array(v.string()), v.maxLength(maxLayers)), []),
  Parent: v.nullish(v.string()),
});
const manifestSchema = v.nullable(v.pipe(v.array(manifestItem), v.maxLength(maxImages)));

/** Docker's `manifest.json`. @throws EngineError `invalid` */
export function parseArchiveManifest(bytes: Uint8Array): ArchivedImage[] {
  const result = v.safeParse(manifestSchema, parseJson(bytes, "manifest.json"));
  if (!result.success) {
    const [issue] = result.issues;
    throw new EngineError("invalid", `invalid manifest.json: ${v.getDotPath(issue) ?? "document"}: ${issue.message}`);
  }
  return (result.output ?? []).map((item) => ({
    config: item.Config,
    layers: item.Layers ?? [],
    tags: (item.RepoTags ?? []).map(parseTag),
    ...parentOf(item.Parent),
  }));
}

function parentOf(parent: string | null | undefined): { parent: ImageId } | undefined {
  return parent ? { parent: parseImageId(parent) } : undefined;
}

function parseTag(text: string): Reference {
  const reference = parseReference(text);
  if (reference.tag === undefined) throw new EngineError("invalid", `invalid tag ${JSON.stringify(text)}`);
  return { domain: reference.domain, path: reference.path, tag: reference.tag };
}

/** Path of a blob in an OCI layout. */
export function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}
