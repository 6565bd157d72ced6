import { EngineError } from "#core";
import { apiVersion, minApiVersion } from "#spec";

/** `1.43` as 1043: versions compare as numbers. */
export type ApiVersionNumber = number;

/** Undefined unless `digits.digits`. */
function parseVersion(text: string): ApiVersionNumber | undefined {
  const match = /^(\d{1,4})\.(\d{1,3})$/.exec(text);
  return match ? Number(match[1]) * 1000 + Number(match[2]) : undefined;
}

const newest = parseVersion(apiVersion) ?? 0;
const oldest = parseVersion(minApiVersion) ?? 0;

/** A path cut into version and rest; a path without version speaks the newest. */
export interface VersionedPath {
  readonly version: ApiVersionNumber;
  readonly path: string;
}

/**
 * Cuts `/v1.43` off a path.
 * @throws EngineError `invalid` with Docker's text when this engine does not speak that version
 */
export function splitVersion(path: string): VersionedPath {
  const first = path.charCodeAt(2);
  if (path.charCodeAt(1) !== 0x76 || first < 0x30 || first > 0x39) return { version: newest, path };
  const slash = path.indexOf("/", 2);
  const text = path.slice(2, slash < 0 ? path.length : slash);
  const version = parseVersion(text);
  if (version === undefined) return { version: newest, path };
  if (version > newest) {
    throw new EngineError(
      "invalid",
      `client version ${text} is too new. Maximum supported API version is ${apiVersion}`,
    );
  }
  if (version < oldest) {
    throw new EngineError(
      "invalid",
      `client version ${text} is too old. Minimum supported API version is ${minApiVersion}, please upgrade your client to a newer version`,
    );
  }
  return { version, path: slash < 0 ? "/" : path.slice(slash) };
}
