/**
 * spec: wire types of the OCI image and runtime specs and of the Docker Engine API, and the pure parsers that go
 * with them (references, platforms, chain ids). No I/O; valibot schemas stand beside the types they check.
 */
export { chainIds, nextChainId } from "./chain.ts";
export type * from "./docker-container.ts";
export type * from "./docker-image.ts";
export * from "./docker-stats.ts";
export { apiVersion, minApiVersion } from "./docker-system.ts";
export type * from "./docker-system.ts";
export { mediaTypes } from "./oci-image.ts";
export type * from "./oci-image.ts";
export type * from "./oci-runtime.ts";
export { goFileMode, goModeBits, hasGoMode, pathStatHeader, type PathStat } from "./path-stat.ts";
export { formatPlatform, hostPlatform, parsePlatform, runsOn } from "./platform.ts";
export {
  canonicalReference,
  familiarName,
  familiarReference,
  parseReference,
  repositoryOf,
  withDefaultTag,
  type CanonicalReference,
  type Reference,
} from "./reference.ts";
