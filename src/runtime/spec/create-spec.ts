import { EngineError } from "#core";
import type { IdMappings, IdRange, UserNamespace } from "#linux";
import type {
  ContainerConfig,
  HostConfig,
  OciIdMapping,
  OciMount,
  OciProcess,
  OciResources,
  OciSeccomp,
  OciSpec,
} from "#spec";
import { parseSeccompProfile } from "../seccomp/custom.ts";
import { seccompProfile } from "../seccomp/profile.ts";
import { apparmorProfile } from "./apparmor.ts";
import { resolveCapabilities } from "./capabilities.ts";
import { resolveDevices, type ContainerDevice } from "./devices.ts";
import type { SpecHost } from "./host.ts";
import { resolveMounts } from "./mounts.ts";
import { resolveNamespaces, type JoinedNamespaces, type NetworkNamespace } from "./namespaces.ts";
import { createProcess, type ProcessUser } from "./process.ts";
import { resolveLimits } from "./resources.ts";
import { resolveRlimits } from "./rlimits.ts";
import { parseSecurityOptions, resolveProtectedPaths, type SecurityOptions } from "./security.ts";

export interface SpecInput {
  /** With the image's part merged in. */
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly user: ProcessUser;
  readonly rootfs: string;
  readonly hostname: string;
  readonly network: NetworkNamespace;
  readonly joined?: JoinedNamespaces;
  /** Undefined: the host's. */
  readonly userNamespace?: Pick<UserNamespace, "path" | "mappings"> | undefined;
  /**
   * Volumes, binds and the engine's own files (/etc/hosts, …), with OCI options. `Tmpfs`, and `Mounts` of type tmpfs, of
   * the host config are added here.
   */
  readonly mounts: readonly OciMount[];
  /** From {@link readDevices}, or {@link readHostDevices} when privileged. */
  readonly devices?: readonly ContainerDevice[];
  /** Weights and limits of block devices, from {@link readBlockIo}. */
  readonly blockIo?: OciResources["blockIO"];
  /** Absolute below the root of the cgroup tree: `/lighter/<id>`. */
  readonly cgroupsPath: string;
  readonly host: SpecHost;
}

export interface SpecResult {
  readonly spec: OciSpec;
  /** What the host could not give as asked, for people. */
  readonly warnings: readonly string[];
}

/**
 * The OCI runtime-spec of a container; a pure function.
 * @throws EngineError `invalid` for options that cannot be meant
 */
export function createSpec(input: SpecInput): SpecResult {
  const { hostConfig, host } = input;
  const privileged = hostConfig.Privileged === true;
  const security = parseSecurityOptions(hostConfig.SecurityOpt ?? []);
  const caps = resolveCapabilities({
    add: hostConfig.CapAdd ?? [],
    drop: hostConfig.CapDrop ?? [],
    privileged,
    available: host.capabilities,
  });
  const rlimits = resolveRlimits(hostConfig.Ulimits ?? [], host);
  const limits = resolveLimits(hostConfig, host, input.blockIo);
  const oom = resolveOomScore(hostConfig, host);
  const init = withInit(input);
  const process = createProcess({
    args: init.args,
    env: input.config.Env ?? [],
    cwd: input.config.WorkingDir ?? "",
    user: input.user,
    tty: input.config.Tty === true,
    consoleSize: hostConfig.ConsoleSize,
    capabilities: caps.capabilities,
    noNewPrivileges: security.noNewPrivileges,
    hostname: input.hostname,
    apparmorProfile: apparmorProfile(hostConfig, host),
    oomScoreAdj: oom.value,
    rlimits: rlimits.rlimits,
  });
  const seccomp = resolveSeccomp(security, privileged, caps.capabilities, host);
  return {
    spec: assemble(input, { process, mounts: init.mounts, limits, security, seccomp }),
    warnings: [...caps.warnings, ...rlimits.warnings, ...oom.warnings],
  };
}

interface Parts {
  readonly process: OciProcess;
  readonly mounts: readonly OciMount[];
  readonly limits: ReturnType<typeof resolveLimits>;
  readonly security: SecurityOptions;
  readonly seccomp: OciSeccomp | undefined;
}

function assemble(input: SpecInput, parts: Parts): OciSpec {
  const { hostConfig, host } = input;
  const privileged = hostConfig.Privileged === true;
  const devices = resolveDevices({
    privileged,
    devices: input.devices ?? [],
    rules: hostConfig.DeviceCgroupRules ?? [],
  });
  const mounts = resolveMounts({
    hostConfig,
    mounts: parts.mounts,
    ipc: ipcOf(input),
    writableCgroups: parts.security.writableCgroups ?? privileged,
  });
  const domainname = input.userNamespace === undefined ? (input.config.Domainname ?? "") : "";
  const sysctl = { ...(domainname === "" ? {} : { "kernel.domainname": domainname }), ...resolveSysctls(input) };
  const propagation = rootPropagation(mounts);
  return {
    ociVersion: "1.0.2",
    process: parts.process,
    root: { path: input.rootfs, readonly: hostConfig.ReadonlyRootfs === true },
    ...names(input),
    mounts,
    ...annotationsOf(hostConfig),
    linux: {
      namespaces: [
        ...(input.userNamespace === undefined ? [] : [{ type: "user", path: input.userNamespace.path }]),
        ...resolveNamespaces(hostConfig, input.network, input.joined ?? {}),
      ],
      ...idMappings(input.userNamespace?.mappings),
      ...(devices.devices.length === 0 ? {} : { devices: devices.devices }),
      cgroupsPath: input.cgroupsPath,
      resources: { devices: devices.rules, ...parts.limits },
      ...(propagation === undefined ? {} : { rootfsPropagation: propagation }),
      ...(parts.seccomp === undefined ? {} : { seccomp: parts.seccomp }),
      ...resolveProtectedPaths({
        privileged,
        unconfined: parts.security.systemPathsUnconfined,
        masked: hostConfig.MaskedPaths,
        readonly: hostConfig.ReadonlyPaths,
        thermalPaths: host.thermalPaths,
      }),
      ...(Object.keys(sysctl).length === 0 ? {} : { sysctl }),
    },
  };
}

/** Of a namespace that is there already; runtimes want them nonetheless, to know what root is outside. */
function idMappings(mappings: IdMappings | undefined): Pick<OciSpec["linux"], "uidMappings" | "gidMappings"> {
  if (mappings === undefined) return {};
  const lines = (ranges: readonly IdRange[]): OciIdMapping[] =>
    ranges.map(({ container, host, size }) => ({ containerID: container, hostID: host, size }));
  return { uidMappings: lines(mappings.uids), gidMappings: lines(mappings.gids) };
}

function resolveSeccomp(
  security: SecurityOptions,
  privileged: boolean,
  capabilities: readonly string[],
  host: SpecHost,
): OciSeccomp | undefined {
  if (privileged || security.seccomp === "unconfined") return undefined;
  const { architecture, kernelVersion } = host;
  if (security.seccomp === undefined) return seccompProfile(capabilities, architecture);
  return parseSeccompProfile(security.seccomp, { capabilities, architecture, kernelVersion });
}

const initTarget = "/sbin/docker-init";

/** `--init`: a small init of the host's in front of the command. */
function withInit(input: SpecInput): { readonly args: readonly string[]; readonly mounts: readonly OciMount[] } {
  const { config, hostConfig, host, mounts } = input;
  const args = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  const ownPids = !/^(?:host$|container:)/.test(hostConfig.PidMode ?? "");
  if (hostConfig.Init !== true || !ownPids) return { args, mounts };
  if (host.initPath === undefined) {
    throw new EngineError("unavailable", 'exec: "docker-init": executable file not found in $PATH');
  }
  const mount: OciMount = {
    destination: initTarget,
    type: "bind",
    source: host.initPath,
    options: ["bind", "ro"],
  };
  return { args: [initTarget, "--", ...args], mounts: [...mounts, mount] };
}

function ipcOf({ hostConfig, joined }: SpecInput): Parameters<typeof resolveMounts>[0]["ipc"] {
  const mode = hostConfig.IpcMode ?? "";
  if (mode === "host" || mode === "none") return { kind: mode };
  if (mode === "shareable" && joined?.shmPath !== undefined) return { kind: "joined", shmPath: joined.shmPath };
  if (!mode.startsWith("container:")) return { kind: "private" };
  if (joined?.shmPath === undefined) throw new EngineError("invalid", `ipc mode ${mode}: its container is not running`);
  return { kind: "joined", shmPath: joined.shmPath };
}

/** In a network of its own a container may ping and listen on any port without capabilities, as in Docker. */
/** The host's own names must not be changed. @throws EngineError `internal` in runc's words for a domain, as Docker does */
function names({ config, hostConfig, hostname, userNamespace }: SpecInput): Pick<OciSpec, "hostname" | "domainname"> {
  const domainname = config.Domainname ?? "";
  if (hostConfig.UTSMode !== "host") {
    // As the setting where it can be written: runc knows the field from 1.2 on.
    return { hostname, ...(domainname === "" || userNamespace === undefined ? {} : { domainname }) };
  }
  if (domainname === "") return {};
  const text = 'OCI runtime create failed: sysctl "kernel.domainname" is not in a separate kernel namespace';
  throw new EngineError("internal", `failed to create task for container: failed to create shim task: ${text}`);
}

function resolveSysctls({ hostConfig, network, userNamespace }: SpecInput): Readonly<Record<string, string>> {
  const own = hostConfig.Sysctls ?? {};
  // What another container has set for its network stays.
  if (network.kind === "host" || hostConfig.NetworkMode?.startsWith("container:") === true) return own;
  // Group ids that the namespace does not have cannot be named in it.
  const lastGid = userNamespace?.mappings.gids.reduce(
    (last, { container, size }) => Math.max(last, container + size - 1),
    0,
  );
  const groups = `0 ${lastGid ?? 2147483647}`;
  return { "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": groups, ...own };
}

/** Set only where it changes something: an unprivileged engine may raise it, never lower it. */
function resolveOomScore(
  hostConfig: HostConfig,
  host: SpecHost,
): { readonly value: number | undefined; readonly warnings: readonly string[] } {
  const wanted = hostConfig.OomScoreAdj ?? 0;
  if (wanted === host.oomScoreAdj) return { value: undefined, warnings: [] };
  if (wanted > host.oomScoreAdj || host.capabilities.includes("CAP_SYS_RESOURCE"))
    return { value: wanted, warnings: [] };
  const warnings =
    wanted === 0 ? [] : [`oom-score-adj ${wanted} is below what this host allows; ${host.oomScoreAdj} is used`];
  return { value: undefined, warnings };
}

/** A mount that shares events with the host needs a root that passes them. */
function rootPropagation(mounts: readonly OciMount[]): string | undefined {
  const options = new Set(mounts.flatMap((mount) => mount.options ?? []));
  if (options.has("rshared") || options.has("shared")) return "shared";
  return options.has("rslave") || options.has("slave") ? "rslave" : undefined;
}

/**
 * Annotations that the user gave; an image's labels never come here. Those that switch parts of the OCI runtime's
 * protection are the engine's alone.
 */
function annotationsOf(hostConfig: HostConfig): { readonly annotations?: Readonly<Record<string, string>> } {
  const entries = Object.entries(hostConfig.Annotations ?? {}).filter(([name]) => !name.startsWith("run.oci."));
  return entries.length === 0 ? {} : { annotations: Object.fromEntries(entries) };
}
