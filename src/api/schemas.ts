import * as v from "valibot";

/**
 * Bodies of requests. Loose: Docker ignores unknown fields. `readJson` drops null fields first, so that null and
 * absence are one.
 */
const opt = v.exactOptional;
const text = v.string();
const flag = v.boolean();
const number = v.pipe(v.number(), v.safeInteger());
const texts = v.array(text);
const textMap = v.record(text, text);
const names = v.record(
  text,
  v.pipe(
    v.nullable(v.looseObject({})),
    v.transform((value) => value ?? {}),
  ),
);
/** Docker's StrSlice: one text stands for a list of one. */
const textList = v.union([
  texts,
  v.pipe(
    text,
    v.transform((value) => [value]),
  ),
]);
const consoleSize = v.pipe(v.tuple([number, number]), v.readonly());

const healthcheck = v.looseObject({
  Test: opt(texts),
  Interval: opt(number),
  Timeout: opt(number),
  Retries: opt(number),
  StartPeriod: opt(number),
  StartInterval: opt(number),
});

const containerConfig = {
  User: opt(text),
  ExposedPorts: opt(names),
  Env: opt(texts),
  Entrypoint: opt(textList),
  Cmd: opt(textList),
  Volumes: opt(names),
  WorkingDir: opt(text),
  Labels: opt(textMap),
  StopSignal: opt(text),
  OnBuild: opt(texts),
  Shell: opt(textList),
  Hostname: opt(text),
  Domainname: opt(text),
  AttachStdin: opt(flag),
  AttachStdout: opt(flag),
  AttachStderr: opt(flag),
  Tty: opt(flag),
  OpenStdin: opt(flag),
  StdinOnce: opt(flag),
  Image: opt(text),
  NetworkDisabled: opt(flag),
  MacAddress: opt(text),
  StopTimeout: opt(number),
  Healthcheck: opt(healthcheck),
};

const portMap = v.record(text, v.nullable(v.array(v.looseObject({ HostIp: opt(text), HostPort: opt(text) }))));

const mount = v.looseObject({
  Type: v.optional(text, ""),
  Source: opt(text),
  Target: v.optional(text, ""),
  ReadOnly: opt(flag),
  Consistency: opt(text),
  BindOptions: opt(v.looseObject({ Propagation: opt(text), NonRecursive: opt(flag), CreateMountpoint: opt(flag) })),
  VolumeOptions: opt(
    v.looseObject({
      NoCopy: opt(flag),
      Labels: opt(textMap),
      Subpath: opt(text),
      DriverConfig: opt(v.looseObject({ Name: opt(text), Options: opt(textMap) })),
    }),
  ),
  TmpfsOptions: opt(v.looseObject({ SizeBytes: opt(number), Mode: opt(number) })),
});

const throttleDevices = v.array(v.looseObject({ Path: opt(text), Rate: opt(number) }));

const resources = {
  CpuShares: opt(number),
  Memory: opt(number),
  NanoCpus: opt(number),
  CgroupParent: opt(text),
  BlkioWeight: opt(number),
  BlkioWeightDevice: opt(v.array(v.looseObject({ Path: opt(text), Weight: opt(number) }))),
  BlkioDeviceReadBps: opt(throttleDevices),
  BlkioDeviceWriteBps: opt(throttleDevices),
  BlkioDeviceReadIOps: opt(throttleDevices),
  BlkioDeviceWriteIOps: opt(throttleDevices),
  CpuPeriod: opt(number),
  CpuQuota: opt(number),
  CpuRealtimePeriod: opt(number),
  CpuRealtimeRuntime: opt(number),
  CpusetCpus: opt(text),
  CpusetMems: opt(text),
  Devices: opt(
    v.array(
      v.looseObject({
        PathOnHost: v.optional(text, ""),
        PathInContainer: v.optional(text, ""),
        CgroupPermissions: v.optional(text, ""),
      }),
    ),
  ),
  DeviceCgroupRules: opt(texts),
  MemoryReservation: opt(number),
  MemorySwap: opt(number),
  MemorySwappiness: opt(number),
  OomKillDisable: opt(flag),
  DeviceRequests: opt(
    v.array(v.looseObject({ Driver: opt(text), DeviceIDs: opt(texts), Capabilities: opt(v.array(texts)) })),
  ),
  PidsLimit: opt(number),
  Ulimits: opt(v.array(v.looseObject({ Name: text, Soft: number, Hard: number }))),
  IOMaximumIOps: opt(number),
  IOMaximumBandwidth: opt(number),
};

const restartPolicy = v.looseObject({ Name: opt(text), MaximumRetryCount: opt(number) });

export const containerUpdateSchema = v.looseObject({ ...resources, RestartPolicy: opt(restartPolicy) });

const hostConfig = v.looseObject({
  ...resources,
  Binds: opt(texts),
  ContainerIDFile: opt(text),
  LogConfig: opt(v.looseObject({ Type: opt(text), Config: opt(textMap) })),
  NetworkMode: opt(text),
  PortBindings: opt(portMap),
  RestartPolicy: opt(restartPolicy),
  AutoRemove: opt(flag),
  VolumeDriver: opt(text),
  VolumesFrom: opt(texts),
  ConsoleSize: opt(consoleSize),
  Annotations: opt(textMap),
  CapAdd: opt(textList),
  CapDrop: opt(textList),
  CgroupnsMode: opt(text),
  Dns: opt(texts),
  DnsOptions: opt(texts),
  DnsSearch: opt(texts),
  ExtraHosts: opt(texts),
  GroupAdd: opt(texts),
  IpcMode: opt(text),
  Links: opt(texts),
  OomScoreAdj: opt(number),
  PidMode: opt(text),
  Privileged: opt(flag),
  PublishAllPorts: opt(flag),
  ReadonlyRootfs: opt(flag),
  SecurityOpt: opt(texts),
  StorageOpt: opt(textMap),
  UTSMode: opt(text),
  UsernsMode: opt(text),
  ShmSize: opt(number),
  Sysctls: opt(textMap),
  Tmpfs: opt(textMap),
  Runtime: opt(text),
  Isolation: opt(text),
  Mounts: opt(v.array(mount)),
  MaskedPaths: opt(texts),
  ReadonlyPaths: opt(texts),
  Init: opt(flag),
});

const endpoint = v.looseObject({
  IPAMConfig: opt(v.looseObject({ IPv4Address: opt(text), IPv6Address: opt(text), LinkLocalIPs: opt(texts) })),
  Links: opt(texts),
  Aliases: opt(texts),
  MacAddress: opt(text),
  DriverOpts: opt(textMap),
  GwPriority: opt(number),
});

export const containerCreateSchema = v.looseObject({
  ...containerConfig,
  HostConfig: opt(hostConfig),
  NetworkingConfig: opt(v.looseObject({ EndpointsConfig: opt(v.record(text, v.nullable(endpoint))) })),
});

export const execCreateSchema = v.looseObject({
  AttachStdin: opt(flag),
  AttachStdout: opt(flag),
  AttachStderr: opt(flag),
  DetachKeys: opt(text),
  Tty: opt(flag),
  Env: opt(texts),
  Cmd: opt(texts),
  Privileged: opt(flag),
  User: opt(text),
  WorkingDir: opt(text),
  ConsoleSize: opt(consoleSize),
});

export const execStartSchema = v.looseObject({
  Detach: opt(flag),
  Tty: opt(flag),
  ConsoleSize: opt(consoleSize),
});

export const volumeCreateSchema = v.looseObject({
  Name: opt(text),
  Driver: opt(text),
  DriverOpts: opt(textMap),
  Labels: opt(textMap),
});

/** Values of query parameters of `POST /build` that are JSON. */
export const buildArgsSchema = v.record(text, v.nullable(text));
export const labelsSchema = textMap;
export const cacheFromSchema = texts;
export const ulimitsSchema = v.array(v.looseObject({ Name: text, Soft: number, Hard: number }));
