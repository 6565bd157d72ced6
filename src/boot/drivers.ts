import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createUnpackPool } from "#archive";
import { createBuildCache } from "#build";
import { EngineError, messageOf, systemClock, type ImageId, type Logger } from "#core";
import { openContentStore } from "#content";
import {
  checkCgroupParent,
  createEventBus,
  openEventLog,
  type EngineDeps,
  type EventBus,
  type MachineFacts,
} from "#engine";
import { openImageStore, type ImageEvents, type ImageStore } from "#image";
import { detectCgroups, diskUsage, enableFavorDynmods, readHostFacts, statFs } from "#linux";
import { checkLogConfig, type LogConfig, type LogHost } from "#logging";
import { openSandboxes } from "#network";
import { openBridgeDriver } from "#network/bridge";
import { lackForSystemdDriver, loadDefaultProfile, openRuntime, type CgroupDriver } from "#runtime";
import { createMounter, openOverlaySnapshotter } from "#snapshot/overlay";
import { createLeases, openDatabase } from "#store";
import { openLocalVolumes } from "#volume/local";
import type { DaemonOptions } from "./daemon-options.ts";
import type { LiveOptions } from "./live-options.ts";
import { userNamespaceOptions } from "./userns-options.ts";
import { buildFacts } from "./build-facts.ts";

/** Opens everything an engine stands on; `scope` closes it, last opened first. */
export async function openDrivers(
  options: DaemonOptions,
  live: LiveOptions,
  { logger, scope }: { readonly logger: Logger; readonly scope: AsyncDisposableStack },
): Promise<EngineDeps> {
  const { dataRoot, execRoot } = options;
  for (const path of [dataRoot, execRoot]) mkdirSync(path, { recursive: true, mode: 0o711 });
  const clock = systemClock;
  const machine = readMachine(options);
  const database = scope.use(openDatabase(join(dataRoot, "lighter.db")));
  const leases = createLeases();
  const events = createEventBus(clock, scope.use(openEventLog({ directory: join(dataRoot, "events"), logger })));
  const snapshots = scope.use(openOverlaySnapshotter({ root: join(dataRoot, "snapshots"), database, logger }));
  const content = scope.use(await openContentStore({ root: join(dataRoot, "content"), database, leases, logger }));
  const unpackPool = scope.use(createUnpackPool());
  const images: ImageStore = scope.use(
    await openImageStore({
      database,
      content,
      snapshots,
      leases,
      unpackPool,
      events: imageEvents(events, (id) => images.get(id)?.config.config?.Labels),
      logger,
      clock,
    }),
  );
  await loadDefaultProfile(logger);
  const runtimes = { ...installedRuntimes(), ...options.runtimes };
  const runtime = scope.use(
    await openRuntime({
      taskRoot: join(execRoot, "tasks"),
      runtimes,
      ...(options.defaultRuntime === undefined ? {} : { defaultRuntime: options.defaultRuntime }),
      ...conmonPath(),
      logger,
      clock,
    }),
  );
  return {
    paths: { dataRoot, execRoot },
    options: engineOptions(options, live),
    machine,
    database,
    leases,
    content,
    snapshots,
    mounter: createMounter(),
    images,
    runtime,
    network: scope.use(openBridgeDriver({ database, logger, execRoot })),
    sandboxes: openSandboxes({ execRoot }),
    volumes: await openLocalVolumes({ root: join(dataRoot, "volumes"), database, clock }),
    buildCache: createBuildCache(database),
    directoryBytes: async (path) => (await diskUsage(path)).bytes,
    logHost,
    events,
    clock,
    logger,
  };
}

function readMachine(options: DaemonOptions): MachineFacts {
  const cgroups = detectCgroups();
  const favor = options.favorDynMods
    ? enableFavorDynmods(cgroups)
    : { enabled: false, reason: "turned off by cgroup-favordynmods" };
  return {
    ...readHostFacts(),
    backingFilesystem: statFs(options.dataRoot).type,
    cgroupVersion: cgroups.mode === "v2" ? "2" : "1",
    cgroupDriver: cgroupDriver(options),
    controllers: cgroups.controllers,
    favorDynMods: favor.enabled ? "enabled" : favor.reason,
  };
}

/** @throws EngineError `unavailable` for systemd where it cannot be used, `invalid` for a parent it cannot have */
function cgroupDriver(options: DaemonOptions): CgroupDriver {
  const driver = options.cgroupDriver;
  const lack = driver === "systemd" ? lackForSystemdDriver() : undefined;
  if (lack !== undefined) throw new EngineError("unavailable", `native.cgroupdriver=systemd cannot be used: ${lack}`);
  checkCgroupParent(driver, options.cgroupParent);
  return driver;
}

function installedRuntimes(): DaemonOptions["runtimes"] {
  const found = ["crun", "runc"].flatMap((name) => {
    const path = Bun.which(name);
    return path === null ? [] : [[name, { path }] as const];
  });
  return Object.fromEntries(found);
}

function conmonPath(): { readonly conmonPath?: string } {
  const path = Bun.which("conmon");
  return path === null ? {} : { conmonPath: path };
}

function engineOptions(options: DaemonOptions, live: LiveOptions): EngineDeps["options"] {
  const { dns, dnsSearch, dnsOptions, defaultUlimits, cgroupParent, init } = options;
  const bridge = { name: options.bridge, address: options.bip };
  const userNamespaces = userNamespaceOptions(options.usernsRemap, options.usernsAutoRange);
  return {
    userNamespaces,
    bridge,
    dns,
    dnsSearch,
    dnsOptions,
    defaultUlimits,
    cgroupParent,
    get labels() {
      return live.labels;
    },
    get debug() {
      return live.debug;
    },
    init,
    logConfig: checkedLogConfig(options.logConfig),
    ...buildFacts,
  };
}

/** An event says the image's labels too, as long as the image is there. */
const logHost: LogHost = {
  journalSocket: "/run/systemd/journal/socket",
  syslogSockets: ["/dev/log", "/var/run/syslog", "/var/run/log"],
};

/** @throws EngineError `invalid` */
function checkedLogConfig(config: LogConfig): LogConfig {
  try {
    checkLogConfig(config);
    return config;
  } catch (error) {
    throw new EngineError("invalid", `failed to set log opts: ${messageOf(error)}`, { cause: error });
  }
}

function imageEvents(events: EventBus, labelsOf: (id: ImageId) => ImageLabels): ImageEvents {
  return {
    emit: (action, id, name) => events.emit({ type: "image", action, id, attributes: { ...labelsOf(id), name } }),
  };
}

type ImageLabels = Readonly<Record<string, string>> | null | undefined;
