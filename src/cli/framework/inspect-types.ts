import { formatDuration } from "#core";
import { GoNil, GoStruct, withNamedKeys, type TemplateData } from "#term";

/**
 * The structs of Docker's client for a container, field by field in their order: templates see zero values where the JSON left
 * something out, print structs as Go does, and call fields by Go's names. `Name type` or `Name=JSON type`; types are
 * `s` text, `n` number, `b` switch, `d` duration, `[]x` list, `{}x` map, `{p}x` map by port, `*x` pointer, or a struct.
 */
const structs = {
  Container:
    "ID=Id s, Created s, Path s, Args []s, State *State, Image s, ResolvConfPath s, HostnamePath s, HostsPath s, LogPath s, Name s, RestartCount n, Driver s, Platform s, MountLabel s, ProcessLabel s, AppArmorProfile s, ExecIDs []s, HostConfig *HostConfig, GraphDriver GraphDriver, SizeRw *n, SizeRootFs *n, Mounts []Mount, Config *Config, NetworkSettings *NetworkSettings",
  State:
    "Status s, Running b, Paused b, Restarting b, OOMKilled b, Dead b, Pid n, ExitCode n, Error s, StartedAt s, FinishedAt s, Health *Health",
  Health: "Status s, FailingStreak n, Log []HealthResult",
  HealthResult: "Start s, End s, ExitCode n, Output s",
  GraphDriver: "Data {}s, Name s",
  Mount: "Type s, Name s, Source s, Destination s, Driver s, Mode s, RW b, Propagation s",
  LogConfig: "Type s, Config {}s",
  RestartPolicy: "Name s, MaximumRetryCount n",
  PortBinding: "HostIP=HostIp s, HostPort s",
  Ulimit: "Name s, Hard n, Soft n",
  Device: "PathOnHost s, PathInContainer s, CgroupPermissions s",
  DeviceRequest: "Driver s, Count n, DeviceIDs []s, Capabilities [][]s, Options {}s",
  Weight: "Path s, Weight n",
  Throttle: "Path s, Rate n",
  HealthConfig: "Test []s, Interval d, Timeout d, StartPeriod d, StartInterval d, Retries n",
  HostConfig:
    "Binds []s, ContainerIDFile s, LogConfig LogConfig, NetworkMode s, PortBindings {p}[]PortBinding, RestartPolicy RestartPolicy, AutoRemove b, VolumeDriver s, VolumesFrom []s, ConsoleSize []n, Annotations {}s, CapAdd []s, CapDrop []s, CgroupnsMode s, DNS=Dns []s, DNSOptions=DnsOptions []s, DNSSearch=DnsSearch []s, ExtraHosts []s, GroupAdd []s, IpcMode s, Cgroup s, Links []s, OomScoreAdj n, PidMode s, Privileged b, PublishAllPorts b, ReadonlyRootfs b, SecurityOpt []s, StorageOpt {}s, Tmpfs {}s, UTSMode s, UsernsMode s, ShmSize n, Sysctls {}s, Runtime s, Isolation s, CPUShares=CpuShares n, Memory n, NanoCPUs=NanoCpus n, CgroupParent s, BlkioWeight n, BlkioWeightDevice []Weight, BlkioDeviceReadBps []Throttle, BlkioDeviceWriteBps []Throttle, BlkioDeviceReadIOps []Throttle, BlkioDeviceWriteIOps []Throttle, CPUPeriod=CpuPeriod n, CPUQuota=CpuQuota n, CPURealtimePeriod=CpuRealtimePeriod n, CPURealtimeRuntime=CpuRealtimeRuntime n, CpusetCpus s, CpusetMems s, Devices []Device, DeviceCgroupRules []s, DeviceRequests []DeviceRequest, KernelMemory n, KernelMemoryTCP n, MemoryReservation n, MemorySwap n, MemorySwappiness *n, OomKillDisable *b, PidsLimit *n, Ulimits []Ulimit, CPUCount=CpuCount n, CPUPercent=CpuPercent n, IOMaximumIOps n, IOMaximumBandwidth n, Mounts []any, MaskedPaths []s, ReadonlyPaths []s, Init *b",
  Config:
    "Hostname s, Domainname s, User s, AttachStdin b, AttachStdout b, AttachStderr b, ExposedPorts {p}Empty, Tty b, OpenStdin b, StdinOnce b, Env []s, Cmd []s, Healthcheck *HealthConfig, ArgsEscaped b, Image s, Volumes {}Empty, WorkingDir s, Entrypoint []s, NetworkDisabled b, MacAddress s, OnBuild []s, Labels {}s, StopSignal s, StopTimeout *n, Shell []s",
  Empty: "",
  NetworkSettings:
    "Bridge s, SandboxID s, SandboxKey s, Ports {p}[]PortBinding, HairpinMode b, LinkLocalIPv6Address s, LinkLocalIPv6PrefixLen n, SecondaryIPAddresses []any, SecondaryIPv6Addresses []any, EndpointID s, Gateway s, GlobalIPv6Address s, GlobalIPv6PrefixLen n, IPAddress s, IPPrefixLen n, IPv6Gateway s, MacAddress s, Networks {}*Endpoint",
  Endpoint:
    "IPAMConfig *IPAMConfig, Links []s, Aliases []s, MacAddress s, DriverOpts {}s, GwPriority n, NetworkID s, EndpointID s, Gateway s, IPAddress s, IPPrefixLen n, IPv6Gateway s, GlobalIPv6Address s, GlobalIPv6PrefixLen n, DNSNames []s",
  IPAMConfig: "IPv4Address s, IPv6Address s, LinkLocalIPs []s",
} as const;

type StructName = keyof typeof structs;

const zeros: Readonly<Record<string, unknown>> = { s: "", n: 0, b: false, d: "0s", any: null };

/** A container as Docker's client has it in types; undefined for anything else. */
export function inspectData(item: unknown): TemplateData | undefined {
  const isContainer = typeof item === "object" && item !== null && "HostConfig" in item && "State" in item;
  if (!isContainer) return undefined;
  const struct = structOf("Container", item);
  return { root: struct, fields: (name) => struct.field(name), typeName: struct.typeName };
}

function structOf(name: StructName, raw: object): GoStruct {
  const fields = new Map(
    (structs[name] === "" ? [] : structs[name].split(", ")).map((field) => {
      const [label = "", type = ""] = field.split(" ");
      const [goName = "", key = goName] = label.split("=");
      return [goName, { key, type }] as const;
    }),
  );
  return new GoStruct(`container.${name}`, raw, [...fields.keys()], (goName) => {
    const { key = "", type = "" } = fields.get(goName) ?? {};
    return typed((raw as Readonly<Record<string, unknown>>)[key], type);
  });
}

/** The value as Go has it. */
function typed(value: unknown, type: string): unknown {
  if (type.startsWith("*"))
    return value === null || value === undefined ? new GoNil("<nil>", type) : typed(value, type.slice(1));
  const [, kind, inner = ""] = /^(\[\]|\{p?\})(.*)$/.exec(type) ?? [];
  if (kind !== undefined) {
    if (value === null || value === undefined) return new GoNil(kind === "[]" ? "[]" : "map[]");
    if (kind === "[]") return typedList(value, inner);
    return kind === "{p}" ? withNamedKeys(typedMap(value, inner)) : typedMap(value, inner);
  }
  if (type === "d") return formatDuration(Number(value ?? 0));
  if (type in structs) return structOf(type as StructName, value ?? {});
  return value ?? zeros[type];
}

function typedList(value: unknown, type: string): unknown {
  if (!Array.isArray(value) || !isCompound(type)) return value;
  return value.map((item) => typed(item, type));
}

function typedMap(value: unknown, type: string): object {
  if (!isCompound(type)) return value as object;
  return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, typed(item, type)]));
}

function isCompound(type: string): boolean {
  return !(type in zeros);
}
