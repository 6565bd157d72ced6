import { EngineError } from "#core";

/**
 * Where an entry goes: lexically cleaned, relative to the root; empty is the root itself. An absolute path is taken from
 * the root. @throws EngineError `invalid` for a path that climbs out of the root
 */
export function entryPath(path: string): string {
  if (!needsCleaning.test(path)) return path;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) {
      throw new EngineError("invalid", `path in archive leaves its root: ${JSON.stringify(path)}`);
    }
  }
  return parts.join("/");
}

const needsCleaning = /^\/|\/\/|\/$|(?:^|\/)\.{1,2}(?:\/|$)/;

const whiteoutPrefix = ".wh.";
const metaPrefix = ".wh..wh.";
const opaqueName = ".wh..wh..opq";

/** What a name says to a layer (OCI image-spec, layer.md, "Whiteouts"). */
export type LayerName =
  | { readonly kind: "entry" }
  | { readonly kind: "opaque" }
  /** Bookkeeping of AUFS; no part of the layer. */
  | { readonly kind: "ignored" }
  | { readonly kind: "whiteout"; readonly name: string };

const plain: LayerName = { kind: "entry" };

/** @throws EngineError `invalid` for a whiteout of nothing, of `.` or of `..` */
export function layerName(name: string): LayerName {
  if (!name.startsWith(whiteoutPrefix)) return plain;
  if (name === opaqueName) return { kind: "opaque" };
  if (name.startsWith(metaPrefix)) return { kind: "ignored" };
  const hidden = name.slice(whiteoutPrefix.length);
  if (hidden === "" || hidden === "." || hidden === "..") {
    throw new EngineError("invalid", `invalid whiteout ${JSON.stringify(name)}`);
  }
  return { kind: "whiteout", name: hidden };
}

export function whiteoutOf(name: string): string {
  return whiteoutPrefix + name;
}

export { opaqueName };
