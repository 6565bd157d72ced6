import * as v from "valibot";
import { EngineError, isEngineError, parseDigest, type Digest } from "#core";
import {
  hostPlatform,
  mediaTypes,
  parsePlatform,
  parseReference,
  withDefaultTag,
  type Platform,
  type Reference,
} from "#spec";
import { parseJson } from "../config.ts";
import { blobPath, type ArchivedImage } from "./documents.ts";
import type { ArchiveStage } from "./stage.ts";

const maxDepth = 8;
const maxEntries = 10_000;

const descriptor = v.looseObject({
  mediaType: v.optional(v.string(), ""),
  digest: v.string(),
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  annotations: v.nullish(v.record(v.string(), v.string())),
  platform: v.nullish(v.looseObject({ architecture: v.string(), os: v.string(), variant: v.nullish(v.string()) })),
});
type LayoutDescriptor = v.InferOutput<typeof descriptor>;
const indexSchema = v.looseObject({ manifests: v.pipe(v.array(descriptor), v.maxLength(maxEntries)) });
const manifestSchema = v.looseObject({
  config: descriptor,
  layers: v.pipe(v.array(descriptor), v.maxLength(maxEntries)),
});

interface Found {
  readonly descriptor: LayoutDescriptor;
  readonly tag?: Reference;
}

/**
 * The images of an OCI layout: those its index names, of an index below it the one for the wanted platform.
 * @throws EngineError `invalid` for documents that are two things at once, nest too deep, or do not fit their descriptors
 */
export async function readLayout(stage: ArchiveStage, platform: string | undefined): Promise<ArchivedImage[]> {
  const wanted = platform === undefined ? hostPlatform() : parsePlatform(platform);
  const index = await readDocument(stage, "index.json");
  if (index.kind !== "index") throw invalid("index.json is no image index");
  const images: ArchivedImage[] = [];
  for (const found of selectTop(index.manifests.filter(isImage), wanted))
    images.push(await readImage(stage, found, wanted));
  return images;
}

async function readImage(
  stage: ArchiveStage,
  { descriptor: top, tag }: Found,
  wanted: Platform,
): Promise<ArchivedImage> {
  let at = top;
  for (let depth = 0; depth < maxDepth; depth++) {
    const document = await readDocument(stage, checkedPath(at), at);
    if (document.kind === "manifest") {
      const layers = document.layers.map((layer) => checkedPath(layer));
      return { config: checkedPath(document.config), layers, tags: tag ? [tag] : [] };
    }
    at = selectPlatform(document.manifests.filter(isImage), wanted);
  }
  throw invalid(`the index ${top.digest} nests deeper than ${maxDepth}`);
}

type Document =
  | { readonly kind: "index"; readonly manifests: readonly LayoutDescriptor[] }
  | { readonly kind: "manifest"; readonly config: LayoutDescriptor; readonly layers: readonly LayoutDescriptor[] };

async function readDocument(stage: ArchiveStage, path: string, expected?: LayoutDescriptor): Promise<Document> {
  const bytes = await stage.document(path);
  if (expected && bytes.length !== expected.size)
    throw invalid(`${path} has ${bytes.length} bytes, expected ${expected.size}`);
  const document = parseJson(bytes, path);
  const isIndex = has(document, "manifests");
  if (isIndex && (has(document, "layers") || has(document, "config")))
    throw invalid(`${path} is both an index and a manifest`);
  checkMediaType(path, isIndex ? indexTypes : manifestTypes, [
    has(document, "mediaType") ? document.mediaType : undefined,
    expected?.mediaType,
  ]);
  if (isIndex) return { kind: "index", manifests: parse(indexSchema, document, path).manifests };
  const { config, layers } = parse(manifestSchema, document, path);
  return { kind: "manifest", config, layers };
}

function has<K extends string>(document: unknown, key: K): document is Record<K, unknown> {
  return typeof document === "object" && document !== null && Object.hasOwn(document, key);
}

function parse<T>(schema: v.GenericSchema<unknown, T>, document: unknown, path: string): T {
  const result = v.safeParse(schema, document);
  if (result.success) return result.output;
  throw invalid(`${path}: ${v.getDotPath(result.issues[0]) ?? "document"}: ${result.issues[0].message}`);
}

const indexTypes: readonly string[] = [mediaTypes.ociIndex, mediaTypes.dockerManifestList];
const manifestTypes: readonly string[] = [mediaTypes.ociManifest, mediaTypes.dockerManifest];

function checkMediaType(path: string, allowed: readonly string[], types: readonly unknown[]): void {
  for (const type of types) {
    if (typeof type === "string" && type !== "" && !allowed.includes(type))
      throw invalid(`${path} is not of media type ${type}`);
  }
}

function checkedPath({ digest }: LayoutDescriptor): string {
  const parsed: Digest = parseDigest(digest);
  return blobPath(parsed);
}

/** Attestations and other artifacts stand beside images; they are none. */
function isImage({ mediaType, annotations, platform }: LayoutDescriptor): boolean {
  const isManifest = mediaType === "" || indexTypes.includes(mediaType) || manifestTypes.includes(mediaType);
  return isManifest && annotations?.["vnd.docker.reference.type"] === undefined && platform?.os !== "unknown";
}

/** One per name; several of one name are the platforms of one image. */
function selectTop(descriptors: readonly LayoutDescriptor[], wanted: Platform): Found[] {
  const groups = Map.groupBy(descriptors, (item) => nameOf(item) ?? (item.platform ? "" : item.digest));
  return [...groups.values()].map((group) => {
    const selected = group.length > 1 ? selectPlatform(group, wanted) : group[0];
    if (!selected) throw invalid("index.json is empty");
    const tag = parseName(nameOf(selected));
    return { descriptor: selected, ...(tag ? { tag } : {}) };
  });
}

function nameOf({ annotations }: LayoutDescriptor): string | undefined {
  return annotations?.["io.containerd.image.name"] ?? annotations?.["org.opencontainers.image.ref.name"];
}

/** A bare tag (`latest`) names no image, so the image stays without a name. */
function parseName(name: string | undefined): Reference | undefined {
  if (name === undefined || !/[/:]/.test(name)) return undefined;
  try {
    const { domain, path, tag } = withDefaultTag(parseReference(name));
    return tag === undefined ? undefined : { domain, path, tag };
  } catch (error) {
    if (isEngineError(error, "invalid")) return undefined;
    throw error;
  }
}

function selectPlatform(descriptors: readonly LayoutDescriptor[], wanted: Platform): LayoutDescriptor {
  const fits = descriptors.filter(
    ({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  );
  const exact = fits.find(({ platform }) => (platform?.variant ?? undefined) === wanted.variant);
  const selected =
    exact ??
    (wanted.variant === undefined ? fits[0] : undefined) ??
    (descriptors.length === 1 ? descriptors[0] : undefined);
  if (!selected)
    throw new EngineError("not_found", `no match for platform ${wanted.os}/${wanted.architecture} in the archive`);
  return selected;
}

function invalid(message: string): EngineError {
  return new EngineError("invalid", `invalid archive: ${message}`);
}
