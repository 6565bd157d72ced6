import { EngineError, failpoint, formatRfc3339Nano, parseContainerId, randomHexId, shortId, zeroTime } from "#core";
import type { ContainerId } from "#core";
import type { ImageRecord } from "#image";
import { formatPlatform, hostPlatform, parsePlatform, runsOn } from "#spec";
import type { ContainerConfig, ContainerCreateRequest, ContainerCreateResponse, EndpointSpec, HostConfig } from "#spec";
import type { VolumeRecord } from "#volume";
import { withHealthAnnotation } from "../../health/annotation.ts";
import { checkEndpoints } from "../../network/check-endpoints.ts";
import { checkNetworkMode } from "../../network/mode.ts";
import { checkCgroupParent } from "../run/cgroup-parent.ts";
import { checkContainerName, checkRequest } from "./check-request.ts";
import { dropUnsupported } from "./unsupported.ts";
import { emitContainerEvent, type ContainerContext } from "../context.ts";
import { copyUp } from "./copy-up.ts";
import { containerLogConfig } from "./log-config.ts";
import { mergeConfig } from "./merge-config.ts";
import { resolveRlimits } from "#runtime";
import { resolveMounts } from "./mounts.ts";
import { randomName } from "./names.ts";
import { snapshotKeyOf, type ContainerRecord, type MountRecord, type StateRecord } from "../record.ts";

/**
 * Makes a container ready to start: snapshot, volumes, row. Undone whole on failure; what a crash leaves has no row
 * and boot removes it.
 */
export async function createContainer(
  context: ContainerContext,
  name: string,
  request: ContainerCreateRequest,
  platform: string | undefined,
): Promise<ContainerCreateResponse> {
  const { host: asked, warnings } = dropUnsupported(request.HostConfig ?? {}, context.specHost.limits);
  const LogConfig = await containerLogConfig(asked, context.deps.options.logConfig);
  const host = normaliseHostConfig({ ...asked, LogConfig }, context.specHost.cgroupVersion);
  const chosen = name === "" ? undefined : checkContainerName(name);
  const image = resolveImage(context, request.Image ?? "", platform);
  const config = withHealthAnnotation(mergeConfig(request, image.config.config), host);
  checkRequest(config, host, {
    cpus: context.deps.machine.cpus,
    limits: context.specHost.limits,
  });
  checkCgroupParent(context.deps.machine.cgroupDriver, host.CgroupParent ?? "");
  checkRuntime(context, host);
  const endpoints = endpointsOf(request);
  checkEndpoints(context.networks, host, config, endpoints);
  checkNetworkMode(host, { ...config, ExposedPorts: request.ExposedPorts ?? null });
  const rlimitWarnings = resolveRlimits(host.Ulimits ?? [], context.specHost).warnings;
  const record = await materialise(context, {
    image,
    config,
    host,
    name: chosen,
    endpoints,
    buildStep: false,
  });
  return { Id: record.id, Warnings: [...warnings, ...rlimitWarnings, ...createWarnings(host)] };
}

export interface NewContainer {
  /** Undefined: an empty root. */
  readonly image: ImageRecord | undefined;
  readonly config: ContainerConfig;
  readonly host: HostConfig;
  readonly name: string | undefined;
  readonly endpoints: Readonly<Record<string, EndpointSpec>>;
  readonly buildStep: boolean;
}

/** The part of `create` that has effects. */
export async function materialise(context: ContainerContext, input: NewContainer): Promise<ContainerRecord> {
  const { deps, registry } = context;
  const id = parseContainerId(randomHexId());
  const name = input.name ?? randomName(shortId(id), (taken) => registry.named(taken) !== undefined);
  registry.checkName(name);
  const userNamespace = context.userNamespaces.plan(input.host);
  if (userNamespace.kind !== "host") await context.userNamespaces.checkHost(userNamespace);
  await using undo = new AsyncDisposableStack();
  const key = snapshotKeyOf(id);
  const mount = await deps.snapshots.prepare(key, await context.initLayers.on(input.image?.layers.at(-1)?.chainId));
  undo.defer(() => deps.snapshots.remove(key));
  failpoint("create.snapshot");
  const made: VolumeRecord[] = [];
  const mounts = await resolveMounts(input.config, input.host, {
    volumes: deps.volumes.forOwner(id),
    undo,
    onMade: (volume) => made.push(volume),
  });
  failpoint("create.volumes");
  const filled = mounts.filter(needsCopyUp);
  if (filled.length > 0) await copyUp(context, id, mount, filled);
  failpoint("create.filled");
  const ids = context.userNamespaces.allocate(userNamespace);
  const record = newRecord(context, { id, name, mounts, ...(ids && { userNamespace: ids }) }, input);
  registry.insert(record);
  undo.defer(() => registry.delete(id));
  failpoint("create.row");
  undo.move();
  for (const { name: volume, driver } of made) {
    deps.events.emit({ type: "volume", action: "create", id: volume, attributes: { driver } });
  }
  emitContainerEvent(context, record, "create");
  return record;
}

function needsCopyUp(mount: MountRecord): boolean {
  return mount.Type === "volume" && !mount.options.includes("nocopy");
}

function resolveImage({ deps }: ContainerContext, name: string, platform: string | undefined): ImageRecord {
  if (name === "") throw new EngineError("invalid", "no image specified");
  const image = deps.images.resolve(name);
  if (platform === undefined || platform === "") return image;
  const wanted = parsePlatform(platform);
  if (runsOn(wanted, image.config)) return image;
  throw new EngineError(
    "not_found",
    `image with reference ${name} was found but its platform (${formatPlatform(image.config)}) does not match the specified platform (${formatPlatform(wanted)})`,
  );
}

function endpointsOf({ NetworkingConfig }: ContainerCreateRequest): Readonly<Record<string, EndpointSpec>> {
  const entries = Object.entries(NetworkingConfig?.EndpointsConfig ?? {});
  return Object.fromEntries(entries.map(([name, endpoint]) => [name === "default" ? "bridge" : name, endpoint ?? {}]));
}

function newRecord(
  { deps }: ContainerContext,
  made: Pick<ContainerRecord, "id" | "name" | "mounts" | "userNamespace">,
  { image, config, host, endpoints, buildStep }: NewContainer,
): ContainerRecord {
  const now = deps.clock.nowNs();
  const [path = "", ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  const { id } = made;
  return {
    ...made,
    createdAt: formatRfc3339Nano(now),
    createdNs: now.toString(),
    imageId: image?.id ?? "",
    image: config.Image ?? image?.id ?? "",
    path,
    args,
    config: {
      ...emptyConfig,
      ...config,
      Hostname: config.Hostname || defaultHostname(id, host, deps.machine.hostname),
    },
    hostConfig: deps.options.init && host.Init === undefined ? { ...host, Init: true } : host,
    endpoints,
    state: newState,
    ...(buildStep ? { buildStep } : {}),
  };
}

const newState: StateRecord = {
  status: "created",
  pid: 0,
  exitCode: 0,
  error: "",
  oomKilled: false,
  startedAt: zeroTime,
  finishedAt: zeroTime,
  stoppedByUser: false,
  restartCount: 0,
};

const emptyConfig: ContainerConfig = {
  Hostname: "",
  Domainname: "",
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
};

function defaultHostname(id: ContainerId, host: HostConfig, hostname: string): string {
  return host.NetworkMode === "host" || host.UTSMode === "host" ? hostname : shortId(id);
}

/** HostConfig with Docker's defaults filled in. */
export function normaliseHostConfig(host: HostConfig, cgroupVersion: 1 | 2): HostConfig {
  const mode = host.NetworkMode ?? "";
  return {
    ...host,
    NetworkMode: mode === "" || mode === "default" ? "bridge" : mode,
    ShmSize: host.ShmSize || 64 * 1024 * 1024,
    RestartPolicy: {
      Name: host.RestartPolicy?.Name || "no",
      MaximumRetryCount: host.RestartPolicy?.MaximumRetryCount ?? 0,
    },
    LogConfig: { Type: host.LogConfig?.Type || "local", Config: host.LogConfig?.Config ?? {} },
    IpcMode: host.IpcMode || "private",
    CgroupnsMode: host.CgroupnsMode || (cgroupVersion === 2 ? "private" : "host"),
    ...(host.CapAdd ? { CapAdd: capabilityNames(host.CapAdd) } : {}),
    ...(host.CapDrop ? { CapDrop: capabilityNames(host.CapDrop) } : {}),
    // Swap as much as memory, where only memory is limited.
    ...((host.Memory ?? 0) > 0 && (host.MemorySwap ?? 0) === 0 ? { MemorySwap: 2 * (host.Memory ?? 0) } : {}),
    PidsLimit: (host.PidsLimit ?? 0) > 0 ? (host.PidsLimit ?? null) : null,
  };
}

/** As Docker tells them: `CAP_NET_ADMIN` for `net_admin`. */
function capabilityNames(names: readonly string[]): string[] {
  const upper = names.map((name) => name.toUpperCase());
  return upper.map((name) => (name === "ALL" || name.startsWith("CAP_") ? name : `CAP_${name}`));
}

function checkRuntime({ deps }: ContainerContext, { Runtime = "" }: HostConfig): void {
  if (Runtime !== "" && !deps.runtime.runtimes.has(Runtime)) {
    throw new EngineError("invalid", `unknown or invalid runtime name: ${Runtime}`);
  }
}

function createWarnings(host: HostConfig): string[] {
  const publishes = Object.keys(host.PortBindings ?? {}).length > 0 || host.PublishAllPorts === true;
  return publishes && host.NetworkMode === "host" ? ["Published ports are discarded when using host network mode"] : [];
}

export const platformOfHost = formatPlatform(hostPlatform());
