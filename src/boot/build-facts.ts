declare const LIGHTER_VERSION: string | undefined;
declare const LIGHTER_COMMIT: string | undefined;
declare const LIGHTER_BUILT: string | undefined;

/** What the build wrote into the program; a run from source has none of it. */
export const buildFacts = {
  version: typeof LIGHTER_VERSION === "string" ? LIGHTER_VERSION : "0.1.0-dev",
  gitCommit: typeof LIGHTER_COMMIT === "string" ? LIGHTER_COMMIT : "",
  buildTime: typeof LIGHTER_BUILT === "string" ? LIGHTER_BUILT : "",
} as const;
