/** Makes small valid images, and archives of them in every form that people load. For tests. */
import fc from "fast-check";
import { parseDiffId, type Digest } from "#core";
import { compressGzip, compressZstd, packEntries, type TarInput } from "#archive";
import { mediaTypes, type ImageConfig } from "#spec";
import { encodeJson } from "./config.ts";
import { layerMediaType } from "./layers.ts";

export interface TestImage {
  readonly config: ImageConfig;
  readonly configBytes: Uint8Array;
  /** Uncompressed tars, bottom first. */
  readonly layers: readonly Uint8Array[];
  readonly tags: readonly string[];
}

/** What an image is made of: per layer, paths with their content. */
export interface TestImageSpec {
  readonly layers: readonly Readonly<Record<string, string>>[];
  readonly tags?: readonly string[];
  readonly env?: readonly string[];
  readonly os?: string;
  readonly architecture?: string;
}

export type LayerCompression = "none" | "gzip" | "zstd";

const fileName = fc.stringMatching(/^[a-z]{1,8}(\/[a-z]{1,8}){0,2}$/);
const layer = fc.dictionary(fileName, fc.string({ maxLength: 2000 }), { minKeys: 1, maxKeys: 4 });
const tag = fc.stringMatching(/^[a-z]{1,6}(\/[a-z]{1,6})?:[a-z0-9]{1,6}$/);

/** Random valid images of up to four layers and two tags. */
export const arbitrarySpec: fc.Arbitrary<TestImageSpec> = fc.record({
  layers: fc.array(layer.filter(isTree), { minLength: 1, maxLength: 4 }),
  tags: fc.uniqueArray(tag, { maxLength: 2 }),
  env: fc.array(fc.stringMatching(/^[A-Z]{1,4}=[a-z]{0,4}$/), { maxLength: 2 }),
});

/** No name is a file and a directory. */
function isTree(files: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(files);
  return names.every((name) => !names.some((other) => other.startsWith(`${name}/`)));
}

export async function makeImage(spec: TestImageSpec): Promise<TestImage> {
  const layers = await Promise.all(spec.layers.map(makeLayer));
  const config: ImageConfig = {
    architecture: spec.architecture ?? "amd64",
    config: { Env: spec.env ?? [], Cmd: ["sh"] },
    created: "2024-05-01T10:11:12.123456789Z",
    history: layers.map((_, at) => ({ created: "2024-05-01T10:11:12Z", created_by: `step ${at}` })),
    os: spec.os ?? "linux",
    rootfs: { type: "layers", diff_ids: layers.map((bytes) => parseDiffId(digestOf(bytes))) },
  };
  return { config, configBytes: encodeJson(config), layers, tags: spec.tags ?? [] };
}

export async function makeLayer(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const entries = Object.entries(files).map(([path, text]) => entry(path, new TextEncoder().encode(text)));
  return await new Response(packEntries(entries)).bytes();
}

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}` as Digest;
}

export function entry(path: string, body: Uint8Array | string): TarInput {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return { header: { path, size: bytes.length, type: "file" }, body: bytes };
}

export async function compressLayer(bytes: Uint8Array, compression: LayerCompression): Promise<Uint8Array> {
  const stream = (): ReadableStream<Uint8Array> => new Blob([bytes]).stream();
  if (compression === "none") return bytes;
  return await new Response(compression === "gzip" ? compressGzip(stream()) : compressZstd(stream())).bytes();
}

/** As Docker before 25 wrote it: `<id>/layer.tar`, `<config>.json`, `repositories`, manifest last; equal layers are links. */
export function oldArchive(images: readonly TestImage[]): TarInput[] {
  const entries: TarInput[] = [];
  const items = images.map((image, at) => {
    const config = `${digestOf(image.configBytes).slice(7)}.json`;
    entries.push(entry(config, image.configBytes));
    const paths = image.layers.map((bytes, position) =>
      pushOldLayer(entries, `${at}${position}`.padEnd(64, "a"), bytes),
    );
    return { Config: config, RepoTags: image.tags.length > 0 ? image.tags : null, Layers: paths };
  });
  return [...entries, entry("repositories", "{}"), entry("manifest.json", encodeJson(items))];
}

function pushOldLayer(entries: TarInput[], id: string, bytes: Uint8Array): string {
  const path = `${id}/layer.tar`;
  entries.push({ header: { path: id, type: "directory" } }, entry(`${id}/VERSION`, "1.0"), entry(`${id}/json`, "{}"));
  const same = entries.find((known) => known.body === bytes);
  if (same) entries.push({ header: { path, type: "symlink", linkPath: `../${same.header.path}` } });
  else entries.push(entry(path, bytes));
  return path;
}

/** As Docker since 25 writes it. */
export async function newArchive(
  images: readonly TestImage[],
  compression: LayerCompression = "none",
): Promise<TarInput[]> {
  const blobs = await layoutBlobs(images, compression);
  const items = images.map((image, at) => ({
    Config: blobPath(digestOf(image.configBytes)),
    RepoTags: image.tags.length > 0 ? image.tags : null,
    Layers: (blobs.layers[at] ?? []).map((bytes) => blobPath(digestOf(bytes))),
  }));
  return [...blobs.entries, entry("manifest.json", encodeJson(items))];
}

/** An OCI layout without anything of Docker in it; with `nested`, every image stands in an index of its own. */
export async function ociLayout(
  images: readonly TestImage[],
  options: { readonly compression?: LayerCompression; readonly nested?: boolean } = {},
): Promise<TarInput[]> {
  const { entries, layers } = await layoutBlobs(images, options.compression ?? "none");
  const top = images.map((image, at) => {
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: descriptor(mediaTypes.ociConfig, image.configBytes),
      layers: (layers[at] ?? []).map((bytes) => descriptor(layerMediaType(bytes) ?? "", bytes)),
    };
    return pushManifest(entries, image, manifest, options.nested === true);
  });
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: top.flat() };
  return [entry("oci-layout", '{"imageLayoutVersion":"1.0.0"}'), entry("index.json", encodeJson(index)), ...entries];
}

function pushManifest(entries: TarInput[], image: TestImage, manifest: object, nested: boolean): object[] {
  let bytes = encodeJson(manifest);
  let top: object = descriptor(mediaTypes.ociManifest, bytes);
  entries.push(entry(blobPath(digestOf(bytes)), bytes));
  if (nested) {
    const { architecture, os } = image.config;
    bytes = encodeJson({
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [{ ...top, platform: { architecture, os } }],
    });
    entries.push(entry(blobPath(digestOf(bytes)), bytes));
    top = descriptor(mediaTypes.ociIndex, bytes);
  }
  if (image.tags.length === 0) return [top];
  return image.tags.map((name) => ({ ...top, annotations: { "io.containerd.image.name": `docker.io/${name}` } }));
}

async function layoutBlobs(
  images: readonly TestImage[],
  compression: LayerCompression,
): Promise<{ entries: TarInput[]; layers: Uint8Array[][] }> {
  const layers = await Promise.all(
    images.map((image) => Promise.all(image.layers.map((bytes) => compressLayer(bytes, compression)))),
  );
  const blobs = new Map<string, Uint8Array>();
  for (const bytes of [...layers.flat(), ...images.map((image) => image.configBytes)])
    blobs.set(blobPath(digestOf(bytes)), bytes);
  return { entries: [...blobs].map(([path, bytes]) => entry(path, bytes)), layers };
}

export function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

export function descriptor(mediaType: string, bytes: Uint8Array): { mediaType: string; digest: Digest; size: number } {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
