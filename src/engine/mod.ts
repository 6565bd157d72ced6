/**
 * engine: the use cases of the product. It takes its drivers as one object, keeps every container as a row and a
 * state machine, and answers reads from memory, so that no container can make a read wait.
 */
export type * from "./contract.ts";
export type { BridgeOptions, EngineDeps, EngineOptions, EnginePaths, MachineFacts } from "./deps.ts";
export { checkCgroupParent } from "./containers/run/cgroup-parent.ts";
export { openEngine } from "./engine.ts";
export { openEventLog } from "./events/log.ts";
export type { UserNamespaceOptions } from "./userns/mode.ts";
export { createEventBus, type EventBus, type EventInput } from "./events/bus.ts";
