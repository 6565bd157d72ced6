import { createSpec, readBlockIo, readDevices, readHostDevices, resolveUser, withTmpfsModes } from "#runtime";
import type { NetworkNamespace, SpecInput, SpecResult } from "#runtime";
import type { HostConfig, OciMount, Ulimit } from "#spec";
import { cgroupsPath } from "./cgroup-parent.ts";
import type { ContainerContext } from "../context.ts";
import type { ContainerFiles } from "../host-files.ts";
import { joinedNamespaces } from "./joined.ts";
import type { ContainerRecord, MountRecord } from "../record.ts";

/** Options of a mount record that are Docker's own and mean nothing to an OCI runtime. */
const dockerOnly = new Set(["z", "Z", "nocopy", "consistent", "cached", "delegated", "bind-nonrecursive"]);

/** What is made before the spec can be written. */
export interface SpecGround {
  readonly files: ContainerFiles;
  /** Undefined: the host's network. */
  readonly sandboxPath: string | undefined;
  /** Undefined: the host's. */
  readonly userNamespace: SpecInput["userNamespace"];
  /** As {@link bindMounts} has them, or where a user namespace can see them. */
  readonly mounts: readonly OciMount[];
}

/** The OCI spec of a container whose root is mounted and whose sandbox is made. */
export function containerSpec(context: ContainerContext, record: ContainerRecord, ground: SpecGround): SpecResult {
  const { config, hostConfig } = record;
  const { files, sandboxPath, userNamespace, mounts } = ground;
  const user = resolveUser(files.rootfs, config.User ?? "", hostConfig.GroupAdd ?? []);
  const network: NetworkNamespace = sandboxPath === undefined ? { kind: "host" } : { kind: "path", path: sandboxPath };
  return createSpec({
    config: { ...config, Entrypoint: null, Cmd: [record.path, ...record.args] },
    hostConfig: {
      ...withTmpfsModes(hostConfig, files.rootfs),
      Ulimits: mergeUlimits(hostConfig, context.deps.options.defaultUlimits),
    },
    user,
    rootfs: files.rootfs,
    hostname: config.Hostname ?? "",
    network,
    joined: joinedNamespaces(context, record),
    userNamespace,
    mounts,
    devices: hostConfig.Privileged ? readHostDevices() : readDevices(hostConfig.Devices ?? []),
    cgroupsPath: cgroupsPath(context.deps, record),
    blockIo: readBlockIo(hostConfig),
    host: context.specHost,
  });
}

/** The container's own, and the daemon's default of every other name. */
export function mergeUlimits({ Ulimits }: HostConfig, defaults: readonly Ulimit[]): readonly Ulimit[] {
  const own = Ulimits ?? [];
  const names = new Set(own.map(({ Name }) => Name));
  return [...own, ...defaults.filter(({ Name }) => !names.has(Name))];
}

/** Volumes, binds and the engine's own files. */
export function bindMounts(record: ContainerRecord, files: ContainerFiles): readonly OciMount[] {
  return [...record.mounts.filter(({ Type }) => Type !== "tmpfs").map(toOciMount), ...networkFileMounts(record, files)];
}

function toOciMount(mount: MountRecord): OciMount {
  const bind = mount.options.includes("bind-nonrecursive") ? "bind" : "rbind";
  const options = mount.options.filter(
    (option) => !dockerOnly.has(option) && option !== "ro" && option !== "rw" && option !== mount.Propagation,
  );
  const propagation = mount.Propagation === "" ? "rprivate" : mount.Propagation;
  return {
    destination: mount.Destination,
    type: "bind",
    source: mount.Source,
    options: [bind, mount.RW ? "rw" : "ro", propagation, ...options],
  };
}

/** /etc/hosts and its like, unless the user mounts something there. */
function networkFileMounts({ mounts }: ContainerRecord, files: ContainerFiles): OciMount[] {
  const taken = new Set(mounts.map(({ Destination }) => Destination));
  const sources = { "/etc/resolv.conf": files.resolvConf, "/etc/hostname": files.hostname, "/etc/hosts": files.hosts };
  return Object.entries(sources)
    .filter(([destination]) => !taken.has(destination))
    .map(([destination, source]) => ({ destination, type: "bind", source, options: ["rbind", "rprivate", "rw"] }));
}
