import { EngineError, parseImageId, type ImageId } from "#core";
import { familiarReference, parseReference, withDefaultTag } from "#spec";
import type { ImageCatalog } from "./catalog.ts";
import type { ImageRecord } from "./contract.ts";

/**
 * What a user means by a name, in Docker's order: a full id or `sha256:` prefix is an id and nothing else; then a tag or
 * digest that has this name; then an id that starts so, if it is the only one.
 * @throws EngineError `not_found` `No such image: x:latest`, `invalid` for what is no reference
 */
export function resolveImage(catalog: ImageCatalog, name: string): ImageRecord {
  const id = forcedId(name);
  if (id !== undefined) {
    const image = byIdPrefix(catalog, id);
    if (image) return image;
    throw noSuchImage(id);
  }
  const reference = parseReference(name);
  const known = catalog.names.get(reference);
  const image = (known && catalog.get(known.imageId)) ?? byIdPrefix(catalog, name);
  if (image) return image;
  throw noSuchImage(familiarReference(withDefaultTag(reference)));
}

export function noSuchImage(name: string): EngineError {
  return new EngineError("not_found", `No such image: ${name}`);
}

/** True when the text is the beginning of the id, with or without its algorithm. */
export function isIdPrefix(id: ImageId, text: string): boolean {
  return id.startsWith(text) || id.slice("sha256:".length).startsWith(text);
}

/** The image whose id starts with the text; undefined when none or several do. */
export function byIdPrefix(catalog: ImageCatalog, text: string): ImageRecord | undefined {
  const hex = text.startsWith("sha256:") ? text.slice("sha256:".length) : text;
  if (!/^[a-f0-9]{1,64}$/.test(hex)) return undefined;
  if (hex.length === 64) return catalog.get(parseImageId(`sha256:${hex}`));
  const found = catalog.list().filter((image) => image.id.startsWith(hex, "sha256:".length));
  return found.length === 1 ? found[0] : undefined;
}

function forcedId(name: string): string | undefined {
  if (/^[a-f0-9]{64}$/.test(name)) return `sha256:${name}`;
  return name.startsWith("sha256:") ? name : undefined;
}
