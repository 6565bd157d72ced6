import { readdirSync, readFileSync } from "node:fs";
import { formatRfc3339Nano } from "#core";
import { limitWarnings } from "#runtime";
import { logDrivers } from "#logging";
import type { ContainerContext } from "../containers/context.ts";
import type { ContainerRecord } from "../containers/record.ts";

/** The object of `GET /info`. */
export function engineInfo(context: ContainerContext, id: string): Readonly<Record<string, unknown>> {
  const { deps, registry } = context;
  return {
    ID: id,
    ...containerCounts(registry.all()),
    Images: deps.images.list().length,
    ...driverInfo(context),
    ...limitInfo(context),
    ...machineInfo(context),
    ...runtimeInfo(context),
    Debug: deps.options.debug,
    NFd: readdirSync("/proc/self/fd").length,
    NGoroutines: 0,
    NEventsListener: deps.events.listenerCount,
    SystemTime: formatRfc3339Nano(deps.clock.nowNs()),
    ExperimentalBuild: false,
    ServerVersion: deps.options.version,
    LiveRestoreEnabled: true,
    Labels: deps.options.labels,
    HttpProxy: "",
    HttpsProxy: "",
    NoProxy: "",
    IndexServerAddress: "https://index.docker.io/v1/",
    RegistryConfig: registryConfig,
    FirewallBackend: { Driver: "nftables" },
    GenericResources: null,
    Swarm: {
      NodeID: "",
      NodeAddr: "",
      LocalNodeState: "inactive",
      ControlAvailable: false,
      Error: "",
      RemoteManagers: null,
    },
    Warnings: warnings(context),
  };
}

const registryConfig = {
  IndexConfigs: { "docker.io": { Name: "docker.io", Mirrors: [], Secure: true, Official: true } },
  InsecureRegistryCIDRs: ["::1/128", "127.0.0.0/8"],
  Mirrors: null,
};

function containerCounts(records: readonly ContainerRecord[]): Readonly<Record<string, number>> {
  const count = (...statuses: string[]): number =>
    records.filter(({ state }) => statuses.includes(state.status)).length;
  const [Running, Paused] = [count("running"), count("paused")];
  return {
    Containers: records.length,
    ContainersRunning: Running,
    ContainersPaused: Paused,
    ContainersStopped: records.length - Running - Paused,
  };
}

function driverInfo({ deps }: ContainerContext): Readonly<Record<string, unknown>> {
  return {
    Driver: "overlay2",
    DriverStatus: [
      ["Backing Filesystem", deps.machine.backingFilesystem],
      ["Supports d_type", "true"],
      ["Using metacopy", "false"],
      ["Native Overlay Diff", "true"],
      ["userxattr", "false"],
    ],
    Plugins: { Volume: ["local"], Network: ["bridge", "host", "null"], Authorization: null, Log: logDrivers },
    LoggingDriver: deps.options.logConfig.Type,
    DockerRootDir: deps.paths.dataRoot,
  };
}

function limitInfo({ deps, specHost }: ContainerContext): Readonly<Record<string, unknown>> {
  const { limits } = specHost;
  return {
    MemoryLimit: limits.memory,
    SwapLimit: limits.swap,
    ...(deps.machine.cgroupVersion === "1" ? { KernelMemoryTCP: limits.kernelMemoryTcp } : {}),
    CpuCfsPeriod: limits.cpuQuota,
    CpuCfsQuota: limits.cpuQuota,
    CPUShares: limits.cpuShares,
    CPUSet: limits.cpuset,
    PidsLimit: limits.pids,
    OomKillDisable: limits.oomKillDisable,
    IPv4Forwarding: forwardsIpv4(),
    CgroupDriver: deps.machine.cgroupDriver,
    CgroupVersion: deps.machine.cgroupVersion,
  };
}

function machineInfo({ deps }: ContainerContext): Readonly<Record<string, unknown>> {
  const { machine } = deps;
  return {
    KernelVersion: machine.kernelVersion,
    OperatingSystem: machine.operatingSystem,
    OSVersion: machine.osVersion,
    OSType: "linux",
    Architecture: machine.machine,
    NCPU: machine.cpus,
    MemTotal: machine.memoryBytes,
    Name: machine.hostname,
    Isolation: "",
  };
}

function runtimeInfo({ deps, specHost }: ContainerContext): Readonly<Record<string, unknown>> {
  const runtimes = [...deps.runtime.runtimes].map(([name, { path, runtimeArgs }]) => [
    name,
    { path, ...(runtimeArgs && { runtimeArgs }) },
  ]);
  const version = deps.runtime.runtimes.get(deps.runtime.defaultRuntime)?.version ?? "";
  return {
    Runtimes: Object.fromEntries(runtimes),
    DefaultRuntime: deps.runtime.defaultRuntime,
    InitBinary: specHost.initPath ?? "",
    ContainerdCommit: { ID: `conmon ${deps.runtime.monitorVersion}` },
    RuncCommit: { ID: `${deps.runtime.defaultRuntime} ${version}` },
    InitCommit: { ID: specHost.initPath === undefined ? "" : "N/A" },
    SecurityOptions: [
      ...(specHost.apparmor === undefined ? [] : ["name=apparmor"]),
      "name=seccomp,profile=builtin",
      ...(specHost.cgroupVersion === 2 ? ["name=cgroupns"] : []),
      ...(deps.options.userNamespaces.remap === "none" ? [] : ["name=userns"]),
    ],
    CDISpecDirs: [],
  };
}

/** Null without any, as Docker sends it. */
function warnings({ deps, specHost }: ContainerContext): readonly string[] | null {
  const { favorDynMods } = deps.machine;
  const all = [
    ...limitWarnings(specHost.limits, specHost.cgroupVersion),
    ...(forwardsIpv4() ? [] : ["WARNING: IPv4 forwarding is disabled"]),
    ...(favorDynMods === "enabled" ? [] : [`WARNING: cgroup favordynmods is off: ${favorDynMods}`]),
  ];
  return all.length > 0 ? all : null;
}

function forwardsIpv4(): boolean {
  return readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim() === "1";
}
