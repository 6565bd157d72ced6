/**
 * client: a typed client of the Engine API (ours or Docker's), over a unix socket, TCP or mutual TLS.
 *
 * An {@link ApiClient} holds the endpoint, the API version and idle connections; functions named after the API's verbs
 * take it first. Failures are {@link ApiError} (the daemon said no: `status` and its text) or {@link ConnectionError}
 * (it could not be reached, or went away). Streams are async generators: leaving the loop closes the connection.
 *
 *   using client = new ApiClient({ endpoint: parseEndpoint("unix:///run/lighter/lighter.sock") });
 *   const { Id } = await createContainer(client, { Image: "busybox", Cmd: ["true"] });
 *   await startContainer(client, Id);
 *   const { StatusCode } = await (await waitContainer(client, Id)).result;
 */
export {
  ApiClient,
  clientApiVersion,
  compareVersions,
  type ByteSource,
  type CallOptions,
  type ClientOptions,
  type HijackedStream,
  type QueryValue,
  type StreamAnswer,
} from "./client.ts";
export * from "./container-files.ts";
export * from "./containers.ts";
export { parseEndpoint, type Endpoint, type TlsOptions } from "./endpoint.ts";
export { ApiError } from "./errors.ts";
export * from "./exec.ts";
export type { Filters } from "./filters.ts";
export * from "./images.ts";
export * from "./networks.ts";
export { prune, type PrunableKind, type PruneReport } from "./prune.ts";
export { demultiplex, type OutputFrame } from "./stdcopy.ts";
export * from "./stats.ts";
export * from "./system.ts";
export * from "./volumes.ts";
