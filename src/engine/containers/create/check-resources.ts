import { EngineError } from "#core";
import type { LimitSupport } from "#runtime";
import type { Resources, ThrottleDevice } from "#spec";

const minimumMemoryBytes = 6 * 1024 * 1024;

export interface ResourceHost {
  readonly cpus: number;
  readonly limits: Pick<LimitSupport, "cpuQuota">;
  /** A change of a container that has limits already: memory and swap may come one without the other. */
  readonly update?: boolean;
}

/** Limits that cannot be meant, or that contradict each other, in Docker's words. @throws EngineError `invalid` */
export function checkResources(resources: Resources, host: ResourceHost): void {
  checkMemory(resources, host);
  checkCpu(resources, host);
  checkBlockIo(resources);
}

function refuse(wrong: boolean, text: string): void {
  if (wrong) throw new EngineError("invalid", text);
}

function checkMemory(resources: Resources, { update = false }: ResourceHost): void {
  const { Memory = 0, MemorySwap = 0, MemoryReservation = 0, MemorySwappiness } = resources;
  refuse(Memory !== 0 && Memory < minimumMemoryBytes, "Minimum memory limit allowed is 6MB");
  refuse(
    Memory > 0 && MemorySwap > 0 && MemorySwap < Memory,
    "Minimum memoryswap limit should be larger than memory limit, see usage",
  );
  refuse(
    Memory === 0 && MemorySwap > 0 && !update,
    "You should always set the Memory limit when using Memoryswap limit, see usage",
  );
  const swappiness = MemorySwappiness ?? -1;
  refuse(swappiness < -1 || swappiness > 100, `Invalid value: ${swappiness}, valid memory swappiness range is 0-100`);
  refuse(MemoryReservation > 0 && MemoryReservation < minimumMemoryBytes, "Minimum memory reservation allowed is 6MB");
  refuse(
    Memory > 0 && MemoryReservation > Memory,
    "Minimum memory limit can not be less than memory reservation limit, see usage",
  );
}

function checkCpu(resources: Resources, { cpus, limits }: ResourceHost): void {
  const { NanoCpus = 0, CpuPeriod = 0, CpuQuota = 0, CpuShares = 0 } = resources;
  const { CpuRealtimePeriod = 0, CpuRealtimeRuntime = 0 } = resources;
  refuse(NanoCpus > 0 && CpuPeriod > 0, "Conflicting options: Nano CPUs and CPU Period cannot both be set");
  refuse(NanoCpus > 0 && CpuQuota > 0, "Conflicting options: Nano CPUs and CPU Quota cannot both be set");
  refuse(
    NanoCpus > 0 && !limits.cpuQuota,
    "NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted",
  );
  refuse(
    NanoCpus < 0 || NanoCpus > cpus * 1e9,
    `range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`,
  );
  refuse(CpuShares < 0, `invalid CPU shares (${CpuShares}): value must be a positive integer`);
  refuse(
    CpuPeriod !== 0 && (CpuPeriod < 1000 || CpuPeriod > 1_000_000),
    "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
  );
  refuse(CpuQuota > 0 && CpuQuota < 1000, "CPU cfs quota can not be less than 1ms (i.e. 1000)");
  refuse(
    CpuRealtimePeriod !== 0 && CpuRealtimeRuntime > CpuRealtimePeriod,
    "cpu real-time runtime cannot be higher than cpu real-time period",
  );
}

function checkBlockIo(resources: Resources): void {
  const { BlkioWeight = 0, IOMaximumIOps = 0, IOMaximumBandwidth = 0 } = resources;
  refuse(BlkioWeight !== 0 && (BlkioWeight < 10 || BlkioWeight > 1000), "Range of blkio weight is from 10 to 1000");
  refuse(IOMaximumIOps !== 0, "invalid option: QoS maximum IOPs configuration is not supported on linux");
  refuse(IOMaximumBandwidth !== 0, "invalid option: QoS maximum bandwidth configuration is not supported on linux");
  for (const list of throttles(resources)) {
    for (const { Path = "", Rate = 0 } of list ?? []) refuse(Rate < 0, `invalid rate for device: ${Path}:${Rate}`);
  }
}

function throttles(resources: Resources): readonly (readonly ThrottleDevice[] | null | undefined)[] {
  const { BlkioDeviceReadBps, BlkioDeviceWriteBps, BlkioDeviceReadIOps, BlkioDeviceWriteIOps } = resources;
  return [BlkioDeviceReadBps, BlkioDeviceWriteBps, BlkioDeviceReadIOps, BlkioDeviceWriteIOps];
}
