/**
 * build: from a Dockerfile and a context to an image.
 *
 * The Dockerfile is parsed whole, into stages of instructions (`dockerfile/`); the classic builder runs the steps up to the
 * target one after the other, each an intermediate image with the last one as parent, found again by the layer cache.
 *
 * @example
 * const builder = createBuilder(host, { logger, clock });
 * for await (const message of builder.build(context, options, signal)) send(message);
 */
export { createBuildCache } from "./cache.ts";
export { applyChanges } from "./classic/changes.ts";
export { createBuilder, type Builder } from "./classic/builder.ts";
export { reconcileBuilds, type BuildRepair } from "./reconcile.ts";
export type { BuildCache, BuildContainer, BuildHost, OnOutput } from "./host.ts";
export type { BuildOptions } from "./options.ts";
