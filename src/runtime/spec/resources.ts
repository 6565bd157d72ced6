import type { OciResources, Resources } from "#spec";

/** CPU quota is per this period when asked for as a number of CPUs, in microseconds. */
const cpuPeriodUs = 100_000;

export interface ResourceHost {
  readonly cgroupVersion: 1 | 2;
  readonly limits: { readonly swap: boolean };
}

type Limits = Omit<OciResources, "devices">;

/**
 * Limits as the OCI runtime wants them; it converts them to cgroup v2 where that is what the host has.
 * @param blockIo from {@link readBlockIo}
 */
export function resolveLimits(
  config: Resources,
  host: ResourceHost,
  blockIo: OciResources["blockIO"] | undefined,
): Limits {
  const memory = memoryLimits(config, host);
  const cpu = cpuLimits(config);
  const pids = config.PidsLimit ?? 0;
  return {
    ...(memory === undefined ? {} : { memory }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(pids > 0 ? { pids: { limit: pids } } : {}),
    ...(blockIo === undefined ? {} : { blockIO: blockIo }),
  };
}

function memoryLimits(config: Resources, host: ResourceHost): OciResources["memory"] | undefined {
  const limit = config.Memory ?? 0;
  const reservation = config.MemoryReservation ?? 0;
  const swap = swapLimit(config, host);
  const swappiness = config.MemorySwappiness ?? -1;
  const v1 = host.cgroupVersion === 1;
  const memory = {
    ...(limit > 0 ? { limit } : {}),
    ...(reservation > 0 ? { reservation } : {}),
    ...(swap === undefined ? {} : { swap }),
    ...(v1 && swappiness >= 0 ? { swappiness } : {}),
    ...(v1 && config.OomKillDisable === true ? { disableOOMKiller: true } : {}),
  };
  return Object.keys(memory).length === 0 ? undefined : memory;
}

/** Memory and swap together; Docker gives a limited container as much swap as memory unless told otherwise. */
function swapLimit(config: Resources, { limits }: ResourceHost): number | undefined {
  const limit = config.Memory ?? 0;
  const asked = config.MemorySwap ?? 0;
  if (limit <= 0 || !limits.swap) return undefined;
  return asked === 0 ? limit * 2 : asked;
}

function cpuLimits(config: Resources): OciResources["cpu"] | undefined {
  const nano = config.NanoCpus ?? 0;
  const period = nano > 0 ? cpuPeriodUs : (config.CpuPeriod ?? 0);
  const quota = nano > 0 ? Math.round((nano * cpuPeriodUs) / 1e9) : (config.CpuQuota ?? 0);
  const shares = config.CpuShares ?? 0;
  const { CpuRealtimePeriod: rtPeriod = 0, CpuRealtimeRuntime: rtRuntime = 0 } = config;
  const cpu = {
    ...(shares > 0 ? { shares } : {}),
    ...(period > 0 ? { period } : {}),
    ...(quota === 0 ? {} : { quota }),
    ...(rtPeriod === 0 ? {} : { realtimePeriod: rtPeriod }),
    ...(rtRuntime === 0 ? {} : { realtimeRuntime: rtRuntime }),
    ...(config.CpusetCpus === undefined || config.CpusetCpus === "" ? {} : { cpus: config.CpusetCpus }),
    ...(config.CpusetMems === undefined || config.CpusetMems === "" ? {} : { mems: config.CpusetMems }),
  };
  return Object.keys(cpu).length === 0 ? undefined : cpu;
}
