import type { HostConfig, OciResources } from "#spec";

/** CPU quota is per this period when asked for as a number of CPUs, in microseconds. */
const cpuPeriodUs = 100_000;

export interface ResourceHost {
  readonly cgroupVersion: 1 | 2;
  readonly swapLimit: boolean;
}

/** Limits as the OCI runtime wants them; it converts them to cgroup v2 where that is what the host has. */
export function resolveLimits(
  config: HostConfig,
  host: ResourceHost,
): { readonly limits: Omit<OciResources, "devices">; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const memory = memoryLimits(config, host, warnings);
  const cpu = cpuLimits(config);
  const pids = config.PidsLimit ?? 0;
  const weight = config.BlkioWeight ?? 0;
  return {
    limits: {
      ...(memory === undefined ? {} : { memory }),
      ...(cpu === undefined ? {} : { cpu }),
      ...(pids > 0 ? { pids: { limit: pids } } : {}),
      ...(weight > 0 ? { blockIO: { weight } } : {}),
    },
    warnings,
  };
}

function memoryLimits(config: HostConfig, host: ResourceHost, warnings: string[]): OciResources["memory"] | undefined {
  const limit = config.Memory ?? 0;
  const reservation = config.MemoryReservation ?? 0;
  const swap = swapLimit(config, host, warnings);
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
function swapLimit(config: HostConfig, host: ResourceHost, warnings: string[]): number | undefined {
  const limit = config.Memory ?? 0;
  const asked = config.MemorySwap ?? 0;
  if (limit <= 0) return undefined;
  if (!host.swapLimit) {
    if (asked !== 0 && asked !== -1) {
      warnings.push(
        "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.",
      );
    }
    return undefined;
  }
  return asked === 0 ? limit * 2 : asked;
}

function cpuLimits(config: HostConfig): OciResources["cpu"] | undefined {
  const nano = config.NanoCpus ?? 0;
  const period = nano > 0 ? cpuPeriodUs : (config.CpuPeriod ?? 0);
  const quota = nano > 0 ? Math.round((nano * cpuPeriodUs) / 1e9) : (config.CpuQuota ?? 0);
  const shares = config.CpuShares ?? 0;
  const cpu = {
    ...(shares > 0 ? { shares } : {}),
    ...(period > 0 ? { period } : {}),
    ...(quota === 0 ? {} : { quota }),
    ...(config.CpusetCpus === undefined || config.CpusetCpus === "" ? {} : { cpus: config.CpusetCpus }),
    ...(config.CpusetMems === undefined || config.CpusetMems === "" ? {} : { mems: config.CpusetMems }),
  };
  return Object.keys(cpu).length === 0 ? undefined : cpu;
}
