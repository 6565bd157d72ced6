import { EngineError, parseSnapshotKey, type ContainerId, type ImageId, type SnapshotKey } from "#core";
import type { IdMappings } from "#runtime";
import type { ContainerConfig, EndpointSpec, HealthState, HostConfig, MountPoint, PortMap } from "#spec";

/** A container's connection to a network while it runs. */
export interface EndpointRecord {
  readonly networkName: string;
  readonly networkId: string;
  readonly endpointId: string;
  readonly ipAddress: string;
  readonly prefixLength: number;
  readonly gateway: string;
  readonly macAddress: string;
}

/** What changes during a container's life. Times are RFC 3339 with nanoseconds, UTC. */
export interface StateRecord {
  readonly status: "created" | "running" | "paused" | "restarting" | "exited" | "dead" | "removing";
  readonly pid: number;
  readonly exitCode: number;
  readonly error: string;
  readonly oomKilled: boolean;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Stopped by a user: restart policies stay quiet. */
  readonly stoppedByUser: boolean;
  readonly restartCount: number;
  /** Wait before the restart that is due, or before the last one; 0 before the first. */
  readonly restartDelayMs?: number | undefined;
  /** Since the first start of a container with a health check. */
  readonly health?: HealthState | undefined;
  /** Live endpoint; absent with `none`, `host` and while stopped. */
  readonly endpoint?: EndpointRecord | undefined;
  /** Published ports while running. */
  readonly ports?: PortMap | undefined;
}

/** A mount with what only the engine knows of it. */
export interface MountRecord extends MountPoint {
  /** Goes with the container on `rm -v`. */
  readonly anonymous: boolean;
  readonly options: readonly string[];
}

/** A container as its row keeps it. Replaced whole, never changed in place. */
export interface ContainerRecord {
  readonly id: ContainerId;
  /** Without a slash. */
  readonly name: string;
  readonly createdAt: string;
  /** Decimal nanoseconds since the epoch. */
  readonly createdNs: string;
  readonly imageId: ImageId | "";
  /** As the user named the image. */
  readonly image: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly endpoints: Readonly<Record<string, EndpointSpec>>;
  readonly mounts: readonly MountRecord[];
  readonly state: StateRecord;
  /** Its ids outside; absent: those of the host. */
  readonly userNamespace?: IdMappings;
  /** Made by a build step; belongs to the builder. */
  readonly buildStep?: boolean;
}

/** Has a process. */
export function isRunning({ state }: ContainerRecord): boolean {
  return state.status === "running" || state.status === "paused";
}

/** What clients count as running: also while it waits for its next restart. */
export function isActive(record: ContainerRecord): boolean {
  return isRunning(record) || record.state.status === "restarting";
}

/** @throws EngineError `conflict` while it waits for its next restart */
export function refuseRestarting(record: ContainerRecord, what = `Container ${record.id}`): void {
  if (record.state.status !== "restarting") return;
  throw new EngineError("conflict", `${what} is restarting, wait until the container is running`);
}

/** The snapshot of a container's own layer. */
export function snapshotKeyOf(id: ContainerId): SnapshotKey {
  return parseSnapshotKey(id);
}

/** A mount without what only the engine knows. */
export function publicMount({ anonymous: _anonymous, options: _options, ...mount }: MountRecord): MountPoint {
  return mount;
}
