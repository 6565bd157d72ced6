import type { BuildCache } from "#build";
import type { Clock, Logger } from "#core";
import type { ContentStore } from "#content";
import type { ImageStore } from "#image";
import type { LogConfig, LogHost } from "#logging";
import type { NetworkDriver, Sandboxes } from "#network";
import type { CgroupDriver, Runtime } from "#runtime";
import type { Mounter, Snapshotter } from "#snapshot";
import type { Ulimit } from "#spec";
import type { Database, Leases } from "#store";
import type { VolumeStore } from "#volume";
import type { EventBus } from "./events/bus.ts";
import type { UserNamespaceOptions } from "./userns/mode.ts";

/** Where an engine keeps things; all absolute. */
export interface EnginePaths {
  readonly dataRoot: string;
  readonly execRoot: string;
}

/** The default bridge, as flags and daemon.json give it. */
export interface BridgeOptions {
  readonly name: string;
  /** Gateway with prefix length, e.g. `172.17.0.1/16`. */
  readonly address: string;
}

export interface EngineOptions {
  readonly bridge: BridgeOptions;
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  readonly defaultUlimits: readonly Ulimit[];
  /** `--cgroup-parent` of the daemon; empty for the driver's own. */
  readonly cgroupParent: string;
  readonly labels: readonly string[];
  readonly debug: boolean;
  /** Of containers that name no log driver. */
  readonly logConfig: LogConfig;
  /** `--init` for every container. */
  readonly init: boolean;
  readonly userNamespaces: UserNamespaceOptions;
  readonly version: string;
  readonly gitCommit: string;
  readonly buildTime: string;
}

/** What `info` and `version` tell of the machine. */
export interface MachineFacts {
  readonly kernelVersion: string;
  readonly machine: string;
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly hostname: string;
  readonly operatingSystem: string;
  readonly osVersion: string;
  /** Of the data root. */
  readonly backingFilesystem: string;
  readonly cgroupVersion: "1" | "2";
  readonly cgroupDriver: CgroupDriver;
  /** Cgroup controllers containers can be limited by. */
  readonly controllers: readonly string[];
  /** `enabled`, or why the cgroup tree is mounted without `favordynmods`. */
  readonly favorDynMods: string;
}

/** Everything the engine stands on, made in `boot`. */
export interface EngineDeps {
  readonly paths: EnginePaths;
  readonly options: EngineOptions;
  readonly machine: MachineFacts;
  readonly database: Database;
  readonly leases: Leases;
  readonly content: ContentStore;
  readonly snapshots: Snapshotter;
  readonly mounter: Mounter;
  readonly images: ImageStore;
  readonly runtime: Runtime;
  readonly network: NetworkDriver;
  readonly sandboxes: Sandboxes;
  readonly volumes: VolumeStore;
  readonly buildCache: BuildCache;
  /** Allocated bytes below a directory. */
  readonly directoryBytes: (path: string) => Promise<number>;
  /** Sockets of the host's log daemons. */
  readonly logHost: LogHost;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}
