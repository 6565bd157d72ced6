/**
 * network: how containers reach each other and the world.
 *
 * A *sandbox* is a container's network namespace, kept by a bind-mounted file so that it needs no process. An *endpoint*
 * joins a sandbox to a *network* (a bridge with a subnet). `ensure` a network once, then `attach` and `detach` endpoints;
 * addresses are rows in the database, so they survive the engine. `--network none` is a sandbox without endpoint,
 * `--network host` has no sandbox.
 *
 * ```ts
 * const sandbox = sandboxes.create(id);
 * const endpoint = await driver.attach(network, sandbox, { containerId: id, endpointId });
 * ```
 */
export type * from "./contract.ts";
export { probeHttp, probeTcp, type HttpProbeOptions, type ProbeOptions } from "./probe.ts";
export { openSandboxes, type SandboxesOptions } from "./sandboxes.ts";
