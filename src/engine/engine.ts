import { createBuilder, reconcileBuilds } from "#build";
import { Logging } from "#logging";
import { readSpecHost } from "#runtime";
import { createBackgroundTasks } from "./background.ts";
import { createBuildHost } from "./build-host.ts";
import { startWithEngine } from "./containers/restart/auto-restart.ts";
import { getContainerArchive } from "./containers/filesystem/archive-get.ts";
import { putContainerArchive } from "./containers/filesystem/archive-put.ts";
import { attachContainer } from "./containers/streams/attach.ts";
import { containerChanges } from "./containers/filesystem/changes.ts";
import type { ContainerContext } from "./containers/context.ts";
import { createContainer } from "./containers/create/create.ts";
import { handleExit } from "./containers/run/exit.ts";
import { exportContainer } from "./containers/filesystem/export.ts";
import { createInitLayers } from "./containers/create/init-layer.ts";
import { inspectContainer } from "./containers/show/inspect.ts";
import { listContainers } from "./containers/show/list.ts";
import { containerLogs } from "./containers/streams/logs.ts";
import { pruneContainers } from "./containers/remove/prune.ts";
import { openContainerRegistry } from "./containers/registry.ts";
import { removeContainer } from "./containers/remove/remove.ts";
import { renameContainer } from "./containers/rename.ts";
import { createRestartTimers } from "./containers/restart/restart-timers.ts";
import { resizeContainer } from "./containers/streams/resize.ts";
import { createRootMounts } from "./containers/run/root-mount.ts";
import { createContainerSignals } from "./containers/run/signals.ts";
import { createStarting } from "./containers/run/starting.ts";
import { withSizes } from "./containers/show/sizes.ts";
import { startContainer } from "./containers/run/start.ts";
import {
  killContainer,
  pauseContainer,
  restartContainer,
  stopContainer,
  unpauseContainer,
} from "./containers/run/stop.ts";
import { statContainerPath } from "./containers/filesystem/stat-path.ts";
import { createTaskEnds } from "./containers/run/task-ends.ts";
import { topContainer } from "./containers/show/top.ts";
import { updateContainer } from "./containers/update.ts";
import { waitContainer } from "./containers/run/wait.ts";
import type { Containers, Engine } from "./contract.ts";
import type { EngineDeps } from "./deps.ts";
import { createPrunes } from "./events/prunes.ts";
import { createExecTable, type ExecTable } from "./exec/execs.ts";
import { createHealthMonitors } from "./health/monitors.ts";
import { createImages } from "./images/images.ts";
import { networkConfig } from "./network/attach.ts";
import { createNetworks } from "./network/networks.ts";
import { openNetworkRegistry } from "./network/registry.ts";
import { recover } from "./recovery.ts";
import { createSystem } from "./system/system.ts";
import { createStatsSampler, type StatsSampler } from "./stats/sampler.ts";
import { createUserNamespaces } from "./userns/user-namespaces.ts";
import { createVolumes } from "./volumes/volumes.ts";

/** Opens the engine on its drivers and repairs what the last one left. Disposing it leaves containers running. */
export async function openEngine(deps: EngineDeps): Promise<Engine> {
  const execs: ExecTable = createExecTable(() => context);
  const context: ContainerContext = createContext(
    deps,
    (id) => execs.idsOf(id),
    () => context,
  );
  const bridge = networkConfig(context.networks, context.networks.defaultBridge);
  for (const warning of await deps.network.ensure(bridge)) deps.logger.log("warn", warning);
  const listening = deps.runtime.onExit((exit) => handleExit(context, exit));
  const stopped = await recover(context);
  const buildHost = createBuildHost(context);
  await reconcileBuilds(buildHost);
  context.restarts.release();
  startWithEngine(context, stopped);
  const sampler = createStatsSampler(context);
  const builder = createBuilder(buildHost, { logger: deps.logger, clock: deps.clock });
  return {
    containers: createContainers(context, execs, sampler),
    execs,
    images: createImages(context),
    networks: createNetworks(context),
    volumes: createVolumes(context),
    system: createSystem(context),
    build: (body, options, signal) => builder.build(body, options, signal),
    async [Symbol.asyncDispose]() {
      sampler[Symbol.dispose]();
      context.restarts[Symbol.dispose]();
      context.health[Symbol.dispose]();
      // Some of it waits for the end of a container.
      await context.background.settle();
      listening[Symbol.dispose]();
      await context.background.settle();
      context.logging[Symbol.dispose]();
    },
  };
}

function createContext(
  deps: EngineDeps,
  execIds: ContainerContext["execIds"],
  contextOf: () => ContainerContext,
): ContainerContext {
  const registry = openContainerRegistry(deps.database, deps.logger);
  return {
    deps,
    execIds,
    registry,
    userNamespaces: createUserNamespaces(deps, registry),
    signals: createContainerSignals(),
    taskEnds: createTaskEnds(),
    networks: openNetworkRegistry(deps.database, deps.clock, deps.options.bridge),
    initLayers: createInitLayers(deps),
    restarts: createRestartTimers(),
    starting: createStarting(),
    health: createHealthMonitors(contextOf),
    roots: createRootMounts(deps),
    specHost: readSpecHost(),
    unreleased: new Map(),
    restarted: new Set(),
    logging: new Logging({
      reopen: (id) => deps.runtime.reopenLog(id),
      host: deps.logHost,
      clock: deps.clock,
      logger: deps.logger,
    }),
    background: createBackgroundTasks(deps.logger),
    prunes: createPrunes(deps.events),
  };
}

function createContainers(context: ContainerContext, execs: ExecTable, sampler: StatsSampler): Containers {
  return {
    list(options) {
      const found = listContainers(context, options);
      return options.size ? withSizes(context, found) : found;
    },
    inspect: (ref, options) => inspectContainer(context, ref, options),
    create: (name, request, platform) => createContainer(context, name, request, platform),
    start: async (ref) => startContainer(context, context.registry.find(ref).id),
    stop: (ref, options) => stopContainer(context, ref, options),
    restart: (ref, options) => restartContainer(context, ref, options),
    kill: (ref, signal) => killContainer(context, ref, signal),
    pause: async (ref) => pauseContainer(context, ref),
    unpause: async (ref) => unpauseContainer(context, ref),
    rename: async (ref, name) => renameContainer(context, ref, name),
    remove: (ref, options) => removeContainer(context, ref, options),
    prune: (filters) => context.prunes.run("container", () => pruneContainers(context, filters)),
    wait: (ref, condition, signal) => waitContainer(context, ref, condition, signal),
    logs: (ref, options, signal) => containerLogs(context, ref, options, signal),
    attach: (ref, options) => attachContainer(context, ref, options),
    resize: async (ref, size) => resizeContainer(context, ref, size),
    top: (ref, psArgs) => topContainer(context, ref, psArgs),
    stats: (ref, { oneShot }) => sampler.once(context.registry.find(ref), oneShot),
    followStats: (ref, signal) => sampler.follow(context.registry.find(ref).id, signal),
    update: (ref, request) => updateContainer(context, ref, request),
    changes: (ref) => containerChanges(context, ref),
    export: (ref) => exportContainer(context, ref),
    statPath: (ref, path) => statContainerPath(context, ref, path),
    getArchive: (ref, path) => getContainerArchive(context, ref, path),
    putArchive: (ref, path, content, options) => putContainerArchive(context, ref, { path, content, ...options }),
    createExec: async (ref, request) => execs.create(ref, request),
  };
}
