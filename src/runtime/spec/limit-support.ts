import { existsSync, readFileSync, readdirSync } from "node:fs";

/** What this kernel and its mounted cgroups can limit; Docker's words for each in warnings. */
export interface LimitSupport {
  readonly memory: boolean;
  readonly swap: boolean;
  readonly reservation: boolean;
  readonly swappiness: boolean;
  readonly oomKillDisable: boolean;
  readonly kernelMemoryTcp: boolean;
  readonly pids: boolean;
  readonly cpuShares: boolean;
  /** CPU time by period and quota. */
  readonly cpuQuota: boolean;
  readonly cpuset: boolean;
  readonly ioWeight: boolean;
  readonly ioWeightDevice: boolean;
  readonly readBps: boolean;
  readonly writeBps: boolean;
  readonly readIops: boolean;
  readonly writeIops: boolean;
}

export interface LimitSupportOptions {
  readonly version: 1 | 2;
  /** Where the cgroups are mounted. */
  readonly root: string;
  /** This process's cgroup below the v2 tree, as the line `0::` of proc_pid_cgroup(5) has it. */
  readonly ownPath: string;
}

export function readLimitSupport({ version, root, ownPath }: LimitSupportOptions): LimitSupport {
  return version === 1 ? readV1(root) : readV2(root, ownPath);
}

function readV1(root: string): LimitSupport {
  const has = (file: string): boolean => existsSync(`${root}/${file}`);
  return {
    memory: has("memory/memory.limit_in_bytes"),
    swap: has("memory/memory.memsw.limit_in_bytes"),
    reservation: has("memory/memory.soft_limit_in_bytes"),
    swappiness: has("memory/memory.swappiness"),
    oomKillDisable: has("memory/memory.oom_control"),
    kernelMemoryTcp: has("memory/memory.kmem.tcp.limit_in_bytes"),
    // The files of limits are not in the root of a pids hierarchy.
    pids: has("pids/cgroup.procs"),
    cpuShares: has("cpu/cpu.shares"),
    cpuQuota: has("cpu/cpu.cfs_quota_us"),
    cpuset: has("cpuset/cpuset.cpus"),
    ioWeight: has("blkio/blkio.weight") || has("blkio/blkio.bfq.weight"),
    ioWeightDevice: has("blkio/blkio.weight_device") || has("blkio/blkio.bfq.weight_device"),
    readBps: has("blkio/blkio.throttle.read_bps_device"),
    writeBps: has("blkio/blkio.throttle.write_bps_device"),
    readIops: has("blkio/blkio.throttle.read_iops_device"),
    writeIops: has("blkio/blkio.throttle.write_iops_device"),
  };
}

/** The root of a v2 tree shows its controllers, and none of their files: those are looked for in cgroups below it. */
function readV2(root: string, ownPath: string): LimitSupport {
  const controllers = new Set(readFileSync(`${root}/cgroup.controllers`, "utf8").trim().split(" "));
  const children = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const below = [...(ownPath === "/" ? [] : [ownPath]), ...children.map(({ name }) => `/${name}`)];
  const has = (file: string): boolean => below.some((path) => existsSync(`${root}${path}/${file}`));
  const [memory, cpu, io] = ["memory", "cpu", "io"].map((name) => controllers.has(name)) as [boolean, boolean, boolean];
  // Before anything below the root has the controller its files cannot be seen; kernels since 5.0 have them.
  const swap = memory && (has("memory.swap.max") || !has("memory.max"));
  const weight = io && (has("io.weight") || has("io.bfq.weight") || !has("io.stat"));
  return {
    memory,
    swap,
    reservation: memory,
    swappiness: false,
    oomKillDisable: false,
    kernelMemoryTcp: false,
    pids: controllers.has("pids"),
    cpuShares: cpu,
    cpuQuota: cpu,
    cpuset: controllers.has("cpuset"),
    ioWeight: weight,
    ioWeightDevice: weight,
    readBps: io,
    writeBps: io,
    readIops: io,
    writeIops: io,
  };
}

/** What `info` warns of, in Docker's words. */
export function limitWarnings(support: LimitSupport, version: 1 | 2): string[] {
  const v2 = version === 2;
  const missing = (has: boolean, what: string): string[] => (has ? [] : [`WARNING: No ${what} support`]);
  return [
    ...missing(support.memory, "memory limit"),
    ...missing(support.swap, "swap limit"),
    ...missing(support.kernelMemoryTcp || v2, "kernel memory TCP limit"),
    ...missing(support.oomKillDisable || v2, "oom kill disable"),
    ...missing(support.cpuQuota, "cpu cfs quota"),
    ...missing(support.cpuQuota, "cpu cfs period"),
    ...missing(support.cpuShares, "cpu shares"),
    ...missing(support.cpuset, "cpuset"),
    ...missing(support.ioWeight || !v2, "io.weight"),
    ...missing(support.ioWeightDevice || !v2, "io.weight (per device)"),
    ...missing(support.readBps, v2 ? "io.max (rbps)" : "blkio throttle.read_bps_device"),
    ...missing(support.writeBps, v2 ? "io.max (wbps)" : "blkio throttle.write_bps_device"),
    ...missing(support.readIops, v2 ? "io.max (riops)" : "blkio throttle.read_iops_device"),
    ...missing(support.writeIops, v2 ? "io.max (wiops)" : "blkio throttle.write_iops_device"),
  ];
}
