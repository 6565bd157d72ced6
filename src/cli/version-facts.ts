declare const LIGHTER_VERSION: string | undefined;
declare const LIGHTER_COMMIT: string | undefined;
declare const LIGHTER_BUILT: string | undefined;

/** What the release build wrote into the program; development runs have no such facts. */
export const versionFacts = {
  version: typeof LIGHTER_VERSION === "undefined" ? "0.1.0-dev" : LIGHTER_VERSION,
  commit: typeof LIGHTER_COMMIT === "undefined" ? "unknown" : LIGHTER_COMMIT,
  built: typeof LIGHTER_BUILT === "undefined" ? "1970-01-01T00:00:00Z" : LIGHTER_BUILT,
} as const;
