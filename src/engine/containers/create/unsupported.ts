import type { LimitSupport } from "#runtime";
import type { Resources } from "#spec";

const noCgroup = "or the cgroup is not mounted.";

interface Rule {
  readonly support: keyof LimitSupport;
  /** Asked for in earnest. */
  readonly asked: (resources: Resources) => boolean;
  readonly without: Resources;
  readonly warning: string;
}

/** What a kernel may lack, what the limit becomes there, and Docker's words for it. */
const rules: readonly Rule[] = [
  {
    support: "memory",
    asked: ({ Memory = 0 }) => Memory > 0,
    without: { Memory: 0, MemorySwap: -1 },
    warning: `Your kernel does not support memory limit capabilities ${noCgroup} Limitation discarded.`,
  },
  {
    support: "swap",
    asked: ({ Memory = 0, MemorySwap = 0 }) => Memory > 0 && MemorySwap !== -1,
    without: { MemorySwap: -1 },
    warning: `Your kernel does not support swap limit capabilities ${noCgroup} Memory limited without swap.`,
  },
  {
    support: "swappiness",
    asked: ({ MemorySwappiness }) => (MemorySwappiness ?? -1) !== -1,
    without: { MemorySwappiness: null },
    warning: `Your kernel does not support memory swappiness capabilities ${noCgroup} Memory swappiness discarded.`,
  },
  {
    support: "reservation",
    asked: ({ MemoryReservation = 0 }) => MemoryReservation > 0,
    without: { MemoryReservation: 0 },
    warning: `Your kernel does not support memory soft limit capabilities ${noCgroup} Limitation discarded.`,
  },
  {
    support: "oomKillDisable",
    asked: ({ OomKillDisable }) => OomKillDisable === true,
    without: { OomKillDisable: null },
    warning: "Your kernel does not support OomKillDisable. OomKillDisable discarded.",
  },
  {
    support: "pids",
    asked: ({ PidsLimit }) => (PidsLimit ?? 0) > 0,
    without: { PidsLimit: 0 },
    warning: `Your kernel does not support PIDs limit capabilities ${noCgroup} PIDs limit discarded.`,
  },
  {
    support: "cpuShares",
    asked: ({ CpuShares = 0 }) => CpuShares > 0,
    without: { CpuShares: 0 },
    warning: `Your kernel does not support CPU shares ${noCgroup} Shares discarded.`,
  },
  {
    support: "cpuQuota",
    asked: ({ CpuPeriod = 0, CpuQuota = 0 }) => CpuPeriod !== 0 || CpuQuota !== 0,
    without: { CpuPeriod: 0, CpuQuota: 0 },
    warning: "Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.",
  },
  {
    support: "cpuset",
    asked: ({ CpusetCpus = "", CpusetMems = "" }) => CpusetCpus !== "" || CpusetMems !== "",
    without: { CpusetCpus: "", CpusetMems: "" },
    warning: `Your kernel does not support cpuset ${noCgroup} CPUset discarded.`,
  },
  {
    support: "ioWeight",
    asked: ({ BlkioWeight = 0 }) => BlkioWeight > 0,
    without: { BlkioWeight: 0 },
    warning: `Your kernel does not support Block I/O weight ${noCgroup} Weight discarded.`,
  },
  {
    support: "ioWeightDevice",
    asked: ({ BlkioWeightDevice }) => has(BlkioWeightDevice),
    without: { BlkioWeightDevice: [] },
    warning: `Your kernel does not support Block I/O weight_device ${noCgroup} Weight-device discarded.`,
  },
  {
    support: "readBps",
    asked: ({ BlkioDeviceReadBps }) => has(BlkioDeviceReadBps),
    without: { BlkioDeviceReadBps: [] },
    warning: `Your kernel does not support BPS Block I/O read limit ${noCgroup} Block I/O BPS read limit discarded.`,
  },
  {
    support: "writeBps",
    asked: ({ BlkioDeviceWriteBps }) => has(BlkioDeviceWriteBps),
    without: { BlkioDeviceWriteBps: [] },
    warning: `Your kernel does not support BPS Block I/O write limit ${noCgroup} Block I/O BPS write limit discarded.`,
  },
  {
    support: "readIops",
    asked: ({ BlkioDeviceReadIOps }) => has(BlkioDeviceReadIOps),
    without: { BlkioDeviceReadIOps: [] },
    warning: `Your kernel does not support IOPS Block read limit ${noCgroup} Block I/O IOPS read limit discarded.`,
  },
  {
    support: "writeIops",
    asked: ({ BlkioDeviceWriteIOps }) => has(BlkioDeviceWriteIOps),
    without: { BlkioDeviceWriteIOps: [] },
    warning: `Your kernel does not support IOPS Block write limit ${noCgroup} Block I/O IOPS write limit discarded.`,
  },
];

function has(list: readonly unknown[] | null | undefined): boolean {
  return (list?.length ?? 0) > 0;
}

/** Drops what this kernel cannot limit, with Docker's warning for each; also warns of what it can and should not. */
export function dropUnsupported<T extends Resources>(
  asked: T,
  support: LimitSupport,
): { readonly host: T; readonly warnings: readonly string[] } {
  let host = asked;
  const warnings: string[] = [];
  for (const rule of rules) {
    if (support[rule.support] || !rule.asked(host)) continue;
    host = { ...host, ...rule.without };
    warnings.push(rule.warning);
  }
  if (host.OomKillDisable !== true || (host.Memory ?? 0) > 0) return { host, warnings };
  const reckless =
    "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.";
  return { host, warnings: [...warnings, reckless] };
}
