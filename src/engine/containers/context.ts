import type { ContainerId } from "#core";
import type { EngineDeps } from "../deps.ts";
import type { Prunes } from "../events/prunes.ts";
import type { NetworkRegistry } from "../network/registry.ts";
import type { Logging } from "#logging";
import type { InitLayers } from "./create/init-layer.ts";
import type { SpecHost } from "#runtime";
import type { UserNamespaces } from "../userns/user-namespaces.ts";
import type { ContainerRecord } from "./record.ts";
import type { ContainerRegistry } from "./registry.ts";
import type { HealthMonitors } from "../health/contract.ts";
import type { RestartTimers } from "./restart/restart-timers.ts";
import type { RootMounts } from "./run/root-mount.ts";
import type { ContainerSignals } from "./run/signals.ts";
import type { Starting } from "./run/starting.ts";
import type { TaskEnds } from "./run/task-ends.ts";

/** What every container use case works with. */
export interface ContainerContext {
  readonly deps: EngineDeps;
  readonly registry: ContainerRegistry;
  readonly signals: ContainerSignals;
  readonly taskEnds: TaskEnds;
  readonly networks: NetworkRegistry;
  readonly initLayers: InitLayers;
  readonly restarts: RestartTimers;
  readonly starting: Starting;
  readonly health: HealthMonitors;
  readonly roots: RootMounts;
  readonly specHost: SpecHost;
  readonly userNamespaces: UserNamespaces;
  readonly logging: Logging;
  /** Execs of a container; null when it has none (as Docker sends it). */
  readonly execIds: (id: ContainerId) => readonly string[] | null;
  /** Stopped containers whose run could not be given back whole: their next start does it first. */
  readonly unreleased: Map<ContainerId, ContainerRecord>;
  /** Containers that a user restarts: their end is not that of one that removes itself. */
  readonly restarted: Set<ContainerId>;
  /** Clean-up that no client waits for; the engine's end does. */
  readonly background: BackgroundTasks;
  readonly prunes: Prunes;
}

export interface BackgroundTasks {
  run(what: string, task: () => Promise<void>): void;
  /** Repeats a step that may be repeated, with pauses, until it succeeds. @throws its last error after four attempts, or when the engine ends */
  retrying(what: string, step: () => Promise<void>): Promise<void>;
  settle(): Promise<void>;
}

/** Emits a container event with the attributes Docker always adds: image, name and all labels. */
export function emitContainerEvent(
  { deps }: ContainerContext,
  record: ContainerRecord,
  action: string,
  attributes: Readonly<Record<string, string>> = {},
): void {
  deps.events.emit({
    type: "container",
    action,
    id: record.id,
    attributes: { ...record.config.Labels, image: record.image, name: record.name, ...attributes },
  });
}
