import { zeroTime } from "#core";
import { apparmorProfile } from "#runtime";
import type { ContainerInspect, ContainerState, EndpointInfo, NetworkSettings } from "#spec";
import type { NetworkRegistry } from "../../network/registry.ts";
import { shownHealth } from "../../health/config.ts";
import type { ContainerContext } from "../context.ts";
import { platformOfHost } from "../create/create.ts";
import { containerFiles } from "../host-files.ts";
import { containerSizes } from "./sizes.ts";
import { shownLogPath } from "../streams/log-subject.ts";
import { shownConfig, shownHostConfig } from "./shown-host-config.ts";
import { isActive, publicMount, snapshotKeyOf, type ContainerRecord, type EndpointRecord } from "../record.ts";

export async function inspectContainer(
  context: ContainerContext,
  ref: string,
  options: { readonly size: boolean },
): Promise<ContainerInspect> {
  const record = context.registry.find(ref);
  const files = containerFiles(context.deps, record.id);
  return {
    Id: record.id,
    Created: record.createdAt,
    Path: record.path,
    Args: record.args,
    State: stateOf(record),
    Image: record.imageId,
    ResolvConfPath: files.resolvConf,
    HostnamePath: files.hostname,
    HostsPath: files.hosts,
    LogPath: shownLogPath(context.deps, record),
    Name: `/${record.name}`,
    RestartCount: record.state.restartCount,
    Driver: "overlay2",
    Platform: platformOfHost.split("/")[0] ?? "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: apparmorProfile(record.hostConfig, context.specHost) ?? "",
    ExecIDs: context.execIds(record.id),
    HostConfig: shownHostConfig(record.hostConfig, context.deps.runtime.defaultRuntime),
    GraphDriver: graphDriver(context, record),
    ...(options.size ? await containerSizes(context, record) : {}),
    Mounts: record.mounts.map(publicMount),
    Config: shownConfig(record.config),
    NetworkSettings: networkSettings(context, record),
  };
}

function stateOf(record: ContainerRecord): ContainerState {
  const { state } = record;
  const health = shownHealth(record);
  return {
    Status: state.status,
    Running: isActive(record),
    Paused: state.status === "paused",
    Restarting: state.status === "restarting",
    OOMKilled: state.oomKilled,
    Dead: state.status === "dead",
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt,
    FinishedAt: state.finishedAt,
    ...(health ? { Health: health } : {}),
  };
}

function graphDriver({ deps }: ContainerContext, { id }: ContainerRecord): ContainerInspect["GraphDriver"] {
  const { lower, upper = "", work = "" } = deps.snapshots.mount(snapshotKeyOf(id));
  const MergedDir = containerFiles(deps, id).rootfs;
  return { Name: "overlay2", Data: { ID: id, LowerDir: lower.join(":"), MergedDir, UpperDir: upper, WorkDir: work } };
}

function networkSettings({ deps, networks }: ContainerContext, record: ContainerRecord): NetworkSettings {
  const { endpoint, ports } = record.state;
  const hasSandbox = endpoint !== undefined || (record.state.pid > 0 && record.hostConfig.NetworkMode === "none");
  const shared = endpointAddress(endpoint);
  return {
    Bridge: "",
    SandboxID: hasSandbox ? record.id : "",
    SandboxKey: hasSandbox ? deps.sandboxes.get(record.id).path : "",
    Ports: ports ?? {},
    HairpinMode: false,
    LinkLocalIPv6Address: "",
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    ...shared,
    Networks: endpointInfos(networks, record),
  };
}

function endpointAddress(
  endpoint: EndpointRecord | undefined,
): Pick<
  NetworkSettings,
  | "EndpointID"
  | "Gateway"
  | "GlobalIPv6Address"
  | "GlobalIPv6PrefixLen"
  | "IPAddress"
  | "IPPrefixLen"
  | "IPv6Gateway"
  | "MacAddress"
> {
  return {
    EndpointID: endpoint?.endpointId ?? "",
    Gateway: endpoint?.gateway ?? "",
    GlobalIPv6Address: "",
    GlobalIPv6PrefixLen: 0,
    IPAddress: endpoint?.ipAddress ?? "",
    IPPrefixLen: endpoint?.prefixLength ?? 0,
    IPv6Gateway: "",
    MacAddress: endpoint?.macAddress ?? "",
  };
}

/** `NetworkSettings.Networks`: the network a container is on, since its first start by id, with its addresses while it runs. */
export function endpointInfos(
  networks: NetworkRegistry,
  { hostConfig, state, endpoints }: ContainerRecord,
): Readonly<Record<string, EndpointInfo>> {
  const mode = hostConfig.NetworkMode ?? "bridge";
  if (mode.startsWith("container:")) return {};
  const wanted = endpoints[mode] ?? {};
  const { endpoint } = state;
  return {
    [mode]: {
      IPAMConfig: wanted.IPAMConfig ?? null,
      Links: wanted.Links ?? null,
      Aliases: wanted.Aliases ?? null,
      MacAddress: endpoint?.macAddress ?? "",
      DriverOpts: wanted.DriverOpts ?? null,
      GwPriority: wanted.GwPriority ?? 0,
      NetworkID: endpoint?.networkId ?? (state.startedAt === zeroTime ? "" : (networks.named(mode)?.id ?? "")),
      EndpointID: endpoint?.endpointId ?? "",
      Gateway: endpoint?.gateway ?? "",
      IPAddress: endpoint?.ipAddress ?? "",
      IPPrefixLen: endpoint?.prefixLength ?? 0,
      IPv6Gateway: "",
      GlobalIPv6Address: "",
      GlobalIPv6PrefixLen: 0,
      DNSNames: null,
    },
  };
}
