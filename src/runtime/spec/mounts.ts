import { EngineError } from "#core";
import type { HostConfig, OciMount } from "#spec";

const defaultShmBytes = 64 * 1024 * 1024;

export interface MountRequest {
  readonly hostConfig: HostConfig;
  readonly writableCgroups: boolean;
  /** Volumes, binds and the engine's own files, with OCI options (`rbind`, `ro`, `rprivate`, …). */
  readonly mounts: readonly OciMount[];
  readonly ipc: { readonly kind: "private" | "none" | "host" } | { readonly kind: "joined"; readonly shmPath: string };
}

/** Everything that is mounted over the root, in order: the kernel's file systems, tmpfs, then the engine's mounts by depth. */
export function resolveMounts(request: MountRequest): OciMount[] {
  const own = [...request.mounts, ...tmpfsMounts(request.hostConfig)];
  const taken = new Set(own.map(({ destination }) => destination));
  const kernel = kernelMounts(request).filter(({ destination }) => {
    if (taken.has(destination)) return false;
    return !(taken.has("/dev") && destination.startsWith("/dev/"));
  });
  return [...kernel, ...own.toSorted((a, b) => depth(a.destination) - depth(b.destination))];
}

function depth(path: string): number {
  return path.split("/").filter((part) => part !== "").length;
}

function kernelMounts(request: MountRequest): OciMount[] {
  const access = request.hostConfig.Privileged === true ? "rw" : "ro";
  const options = ["nosuid", "noexec", "nodev"];
  return [
    { destination: "/proc", type: "proc", source: "proc", options },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: [...options, access] },
    {
      destination: "/sys/fs/cgroup",
      type: "cgroup",
      source: "cgroup",
      options: [request.writableCgroups ? "rw" : "ro", ...options],
    },
    ...ipcMounts(request, options),
  ];
}

function ipcMounts({ ipc, hostConfig }: MountRequest, options: readonly string[]): OciMount[] {
  const queues: OciMount = { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options };
  if (ipc.kind === "host") return [queues, bind("/dev/shm", "/dev/shm")];
  if (ipc.kind === "joined") return [queues, bind(ipc.shmPath, "/dev/shm")];
  if (ipc.kind === "none") return [queues];
  const size = hostConfig.ShmSize === undefined || hostConfig.ShmSize <= 0 ? defaultShmBytes : hostConfig.ShmSize;
  const shm: OciMount = {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: [...options, "mode=1777", `size=${size}`],
  };
  return [queues, shm];
}

function bind(source: string, destination: string): OciMount {
  return { destination, type: "bind", source, options: ["rbind", "rprivate"] };
}

const tmpfsDefaults = ["noexec", "nosuid", "nodev"];
/** Options that take back a default, and their opposites. */
const opposites: Readonly<Record<string, string>> = {
  exec: "noexec",
  noexec: "exec",
  suid: "nosuid",
  nosuid: "suid",
  dev: "nodev",
  nodev: "dev",
  rw: "ro",
  ro: "rw",
};

/** `--tmpfs` and `--mount type=tmpfs`. */
function tmpfsMounts(hostConfig: HostConfig): OciMount[] {
  const short = Object.entries(hostConfig.Tmpfs ?? {}).map(([destination, text]) =>
    tmpfs(destination, text === "" ? [] : text.split(",")),
  );
  const long = (hostConfig.Mounts ?? []).flatMap((mount) => {
    if (mount.Type !== "tmpfs") return [];
    const { SizeBytes = 0, Mode = 0 } = mount.TmpfsOptions ?? {};
    const options = [
      ...(mount.ReadOnly === true ? ["ro"] : []),
      ...(SizeBytes > 0 ? [`size=${SizeBytes}`] : []),
      ...(Mode > 0 ? [`mode=${Mode.toString(8)}`] : []),
    ];
    return [tmpfs(mount.Target, options)];
  });
  return [...short, ...long];
}

/** What else may be asked of a tmpfs, with a value. */
const tmpfsValues = new Set(["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"]);
const tmpfsFlags = new Set(
  "defaults,ro,rw,suid,nosuid,dev,nodev,exec,noexec,sync,async,dirsync,mand,nomand,atime,noatime,diratime,nodiratime,relatime,norelatime,strictatime,nostrictatime,bind,rbind,private,rprivate,shared,rshared,slave,rslave,unbindable,runbindable,remount".split(
    ",",
  ),
);

function checkTmpfsOption(option: string): void {
  const [name = ""] = option.split("=", 1);
  if (tmpfsFlags.has(option) || (tmpfsValues.has(name) && option.includes("="))) return;
  throw new EngineError("invalid", `invalid tmpfs option ${JSON.stringify(name)}`);
}

/** Later options win over earlier and default ones of the same meaning. */
function tmpfs(destination: string, wanted: readonly string[]): OciMount {
  const options = new Map<string, string>();
  for (const option of wanted) checkTmpfsOption(option);
  for (const option of [...tmpfsDefaults, ...wanted]) {
    const key = option.split("=", 1)[0] ?? option;
    options.delete(opposites[key] ?? "");
    options.delete(key);
    options.set(key, option);
  }
  return { destination, type: "tmpfs", source: "tmpfs", options: [...options.values()] };
}
