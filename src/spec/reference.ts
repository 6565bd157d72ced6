import { EngineError, parseDigest, type Brand, type Digest } from "#core";

/** Canonical text of a reference: `docker.io/library/busybox:latest` or with `@sha256:…`. */
export type CanonicalReference = Brand<string, "CanonicalReference">;

/** A parsed image reference. At least one of tag and digest is set after {@link withDefaultTag}. */
export interface Reference {
  readonly domain: string;
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const domainPart = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const domainPattern = new RegExp(`^(?:${domainPart}(?:\\.${domainPart})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const pathPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^[\w][\w.-]{0,127}$/;

/**
 * Parses what a user types (`busybox`, `user/repo:1`, `host:5000/a/b@sha256:…`), with Docker Hub's defaults
 * (distribution's reference grammar). A tag is not added.
 * @throws EngineError `invalid` with Docker's text
 */
export function parseReference(text: string): Reference {
  if (/^[a-f0-9]{64}$/.test(text)) {
    throw invalid(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const { name, tag, digest } = splitReference(text);
  const { domain, path } = splitDomain(name);
  if (path !== path.toLowerCase())
    throw invalid(`invalid reference format: repository name (${path}) must be lowercase`);
  if (!domainPattern.test(domain) || !pathPattern.test(path)) throw invalid("invalid reference format");
  if (tag !== undefined && !tagPattern.test(tag)) throw invalid("invalid reference format");
  if (domain.length + path.length + 1 > 255) throw invalid("repository name must not be more than 255 characters");
  return { domain, path, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

function invalid(message: string): EngineError {
  return new EngineError("invalid", message);
}

function splitReference(text: string): { name: string; tag: string | undefined; digest: Digest | undefined } {
  const at = text.indexOf("@");
  const named = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? undefined : parseReferenceDigest(text.slice(at + 1));
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  return { name: hasTag ? named.slice(0, colon) : named, tag: hasTag ? named.slice(colon + 1) : undefined, digest };
}

function parseReferenceDigest(text: string): Digest {
  try {
    return parseDigest(text);
  } catch (cause) {
    throw new EngineError("invalid", "invalid reference format", { cause });
  }
}

function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isDomain = slash >= 0 && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  if (!isDomain) return { domain: "docker.io", path: slash < 0 ? `library/${name}` : name };
  const rest = name.slice(slash + 1);
  if (first === "index.docker.io" || first === "docker.io") {
    return { domain: "docker.io", path: rest.includes("/") ? rest : `library/${rest}` };
  }
  return { domain: first, path: rest };
}

/** Adds `:latest` where neither tag nor digest is set. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: "latest" } : reference;
}

/** Domain and path, in full: `docker.io/library/busybox`. */
export function repositoryOf(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** The full text: `docker.io/library/busybox:latest`. */
export function canonicalReference(reference: Reference): CanonicalReference {
  return (repositoryOf(reference) + suffix(reference)) as CanonicalReference;
}

/** The repository as people see it: `busybox`, `user/repo`, `host:5000/a`. */
export function familiarName(reference: Reference): string {
  if (reference.domain !== "docker.io") return repositoryOf(reference);
  return reference.path.startsWith("library/") ? reference.path.slice("library/".length) : reference.path;
}

/** The whole reference as people see it: `busybox:latest`. */
export function familiarReference(reference: Reference): string {
  return familiarName(reference) + suffix(reference);
}

function suffix({ tag, digest }: Reference): string {
  return (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
}
