import type { ImageId } from "#core";
import { familiarReference, parseReference, repositoryOf, type Reference } from "#spec";

/** A tag or a repository digest that points at an image. */
export interface ImageName {
  readonly reference: Reference;
  readonly imageId: ImageId;
}

export function isDigestName(name: { readonly reference: Reference }): boolean {
  return name.reference.digest !== undefined;
}

/** `:tag` or `@digest`; where both are there, the digest says more. */
export function versionOf({ tag, digest }: Reference): string {
  return digest === undefined ? `:${tag ?? "latest"}` : `@${digest}`;
}

/** Name of one tag or one digest, never both. */
function nameKey(reference: Reference): string {
  return repositoryOf(reference) + versionOf(reference);
}

/** Tags and digests in memory, both ways. The rows are the truth; this follows them. */
export class ImageNames {
  readonly #byKey = new Map<string, ImageName>();
  readonly #byImage = new Map<ImageId, Set<string>>();

  get(reference: Reference): ImageName | undefined {
    return this.#byKey.get(nameKey(reference));
  }

  /** Of one image: tags first, each kind sorted. */
  of(imageId: ImageId): ImageName[] {
    const names = [...(this.#byImage.get(imageId) ?? [])].flatMap((key) => this.#byKey.get(key) ?? []);
    return names.sort((a, b) => Number(isDigestName(a)) - Number(isDigestName(b)) || compare(a, b));
  }

  /** Of one repository, sorted. */
  ofRepository(repository: string): ImageName[] {
    return [...this.#byKey.values()].filter((name) => repositoryOf(name.reference) === repository).sort(compare);
  }

  set(reference: Reference, imageId: ImageId): void {
    this.delete(reference);
    const key = nameKey(reference);
    this.#byKey.set(key, { reference, imageId });
    const keys = this.#byImage.get(imageId);
    if (keys) keys.add(key);
    else this.#byImage.set(imageId, new Set([key]));
  }

  delete(reference: Reference): void {
    const key = nameKey(reference);
    const known = this.#byKey.get(key);
    if (!known) return;
    this.#byKey.delete(key);
    const keys = this.#byImage.get(known.imageId);
    keys?.delete(key);
    if (keys?.size === 0) this.#byImage.delete(known.imageId);
  }
}

function compare(a: ImageName, b: ImageName): number {
  return familiarReference(a.reference) < familiarReference(b.reference) ? -1 : 1;
}

/** A row back to the reference it came from. */
export function referenceOfRow(repository: string, version: string): Reference {
  return parseReference(repository + version);
}

/** The reference as one or two names: a tag, a digest. */
export function splitNames({ domain, path, tag, digest }: Reference): Reference[] {
  const names: Reference[] = [];
  if (digest !== undefined) names.push({ domain, path, digest });
  if (tag !== undefined || digest === undefined) names.push({ domain, path, tag: tag ?? "latest" });
  return names;
}
