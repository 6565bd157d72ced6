/**
 * runtime: one OCI bundle at a time, through conmon (the monitor) and crun, runc or another OCI runtime.
 *
 * A *task* is the running side of a container. `create` leaves its process waiting in its namespaces, `start` lets it
 * run, conmon writes its log and exit code, `delete` removes what the runtime keeps. Everything here can be found again
 * after the engine's death from `<taskRoot>/<id>/` (bundle, pid files, log, exit file) alone.
 */
export type * from "./contract.ts";
export type { RegisteredRuntime } from "./oci-runtime.ts";
export { openRuntime, type OpenRuntimeOptions } from "./open-runtime.ts";
export { lackForSystemdDriver, type CgroupDriver } from "./cgroup-driver.ts";
export { readLog, readOutput } from "./log-read.ts";
export { emptyLogLine, LogClock, parseLogLine, type LogLine, type OutputChunk } from "./log-parse.ts";
export { readBlocks, type LogBlock } from "./log-blocks.ts";
export { endOfLog, listSegments, type LogPosition, type LogSegment } from "./log-chain.ts";
export { logRemoved, logRotated, oldestPin, watchLog } from "./log-watch.ts";
export { startFailureExitCode } from "./runtime-errors.ts";
export { resolveUser, type ResolvedUser } from "./user.ts";
export { withTmpfsModes } from "./tmpfs-modes.ts";
export { loadDefaultProfile } from "./apparmor/load.ts";
export { apparmorProfile } from "./spec/apparmor.ts";
export { defaultCapabilities, resolveCapabilities } from "./spec/capabilities.ts";
export { createSpec, type SpecInput, type SpecResult } from "./spec/create-spec.ts";
export { readBlockIo } from "./spec/block-io.ts";
export { systemCpuNs } from "./stats/system-time.ts";
export type { LimitChange } from "./limits/writes.ts";
export { resolveLimits } from "./spec/resources.ts";
export { limitWarnings, type LimitSupport } from "./spec/limit-support.ts";
export { resolveRlimits } from "./spec/rlimits.ts";
export { readDevices, readHostDevices, type ContainerDevice } from "./spec/devices.ts";
export { readSpecHost, type SpecHost } from "./spec/host.ts";
export type { JoinedNamespaces, NetworkNamespace } from "./spec/namespaces.ts";
export { maskedPaths, parseSecurityOptions, readonlyPaths } from "./spec/security.ts";
export { openUserNamespace, type IdMappings, type IdRange, type UserNamespace } from "#linux";
export { createProcess, type ProcessRequest, type ProcessUser } from "./spec/process.ts";
export { hostProcesses } from "./ps.ts";
export { findLiveMonitor } from "./live-monitor.ts";
