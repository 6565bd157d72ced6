import { maskedPaths, readonlyPaths } from "#runtime";
import type { ContainerConfig, HostConfig } from "#spec";

/** Every field that Docker tells of a container, with the value of one that nobody set; clients read them unasked. */
const unset = {
  Binds: null,
  ContainerIDFile: "",
  LogConfig: { Type: "local", Config: {} },
  NetworkMode: "bridge",
  PortBindings: {},
  RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
  AutoRemove: false,
  VolumeDriver: "",
  VolumesFrom: null,
  ConsoleSize: [0, 0],
  CapAdd: null,
  CapDrop: null,
  CgroupnsMode: "private",
  Dns: [],
  DnsOptions: [],
  DnsSearch: [],
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: "private",
  Cgroup: "",
  Links: null,
  OomScoreAdj: 0,
  PidMode: "",
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  SecurityOpt: null,
  UTSMode: "",
  UsernsMode: "",
  ShmSize: 0,
  Runtime: "",
  Isolation: "",
  CpuShares: 0,
  Memory: 0,
  NanoCpus: 0,
  CgroupParent: "",
  BlkioWeight: 0,
  BlkioWeightDevice: [],
  BlkioDeviceReadBps: [],
  BlkioDeviceWriteBps: [],
  BlkioDeviceReadIOps: [],
  BlkioDeviceWriteIOps: [],
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuRealtimePeriod: 0,
  CpuRealtimeRuntime: 0,
  CpusetCpus: "",
  CpusetMems: "",
  Devices: [],
  DeviceCgroupRules: null,
  DeviceRequests: null,
  MemoryReservation: 0,
  MemorySwap: 0,
  MemorySwappiness: null,
  OomKillDisable: false,
  PidsLimit: null,
  Ulimits: [],
  CpuCount: 0,
  CpuPercent: 0,
  IOMaximumIOps: 0,
  IOMaximumBandwidth: 0,
} as const;

const hostMaps = ["PortBindings", "Annotations", "StorageOpt", "Sysctls", "Tmpfs"] as const;
const configMaps = ["ExposedPorts", "Volumes", "Labels"] as const;

/** With the keys of the named maps by the alphabet, as Docker writes them. */
function withSortedMaps<T extends object>(value: T, names: readonly (keyof T)[]): T {
  const sorted = names.flatMap((name) => {
    const map = value[name];
    return map ? [[name, Object.fromEntries(Object.entries(map).toSorted(byKey))] as const] : [];
  });
  return { ...value, ...Object.fromEntries(sorted) };
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** `HostConfig` of an inspect. `runtime` is the one of a container that names none. */
export function shownHostConfig(host: HostConfig, runtime: string): HostConfig {
  const swappiness = host.MemorySwappiness === -1 ? null : (host.MemorySwappiness ?? null);
  const open = host.Privileged === true;
  return {
    ...unset,
    ...withSortedMaps(host, hostMaps),
    ...(host.LogConfig && { LogConfig: withSortedMaps(host.LogConfig, ["Config"]) }),
    Runtime: host.Runtime || runtime,
    MemorySwappiness: swappiness,
    SecurityOpt: withoutLabels(host),
    // In Docker's order.
    Ulimits: (host.Ulimits ?? []).map(({ Name, Hard, Soft }) => ({ Name, Hard, Soft })),
    MaskedPaths: host.MaskedPaths ?? (open ? null : maskedPaths),
    ReadonlyPaths: host.ReadonlyPaths ?? (open ? null : readonlyPaths),
  };
}

/** Who shares the host's processes or memory has no label of its own. */
function withoutLabels({ SecurityOpt, Privileged, PidMode, IpcMode }: HostConfig): readonly string[] | null {
  const shares = Privileged === true || PidMode === "host" || IpcMode === "host";
  const own = SecurityOpt ?? [];
  if (!shares || own.some((option) => option.startsWith("label"))) return SecurityOpt ?? null;
  return [...own, "label=disable"];
}

/** `Config` of an inspect. */
export function shownConfig(config: ContainerConfig): ContainerConfig {
  const volumes = Object.keys(config.Volumes ?? {}).length > 0 ? config.Volumes : null;
  const unsetConfig = {
    Hostname: "",
    Domainname: "",
    User: "",
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: null,
    Cmd: null,
    Image: "",
    Volumes: null,
    WorkingDir: "",
    Entrypoint: null,
    OnBuild: null,
    Labels: {},
  };
  return { ...unsetConfig, ...withSortedMaps({ ...config, Volumes: volumes ?? null }, configMaps) };
}
