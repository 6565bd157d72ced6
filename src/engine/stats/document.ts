import { formatRfc3339Nano, zeroTime } from "#core";
import { noBlkioStats, type ContainerReading, type CpuStats, type StatsResponse } from "#spec";
import type { ContainerRecord } from "../containers/record.ts";

/** A reading with when it was made, and the processors' time then. */
export interface Sample {
  readonly readNs: bigint;
  readonly systemCpuNs: number;
  readonly reading: ContainerReading;
  /** Tells the run of the container it belongs to. */
  readonly startedAt: string;
}

type Names = Pick<ContainerRecord, "id" | "name">;

/** @param previous what clients reckon the use of processors from; undefined: nothing */
export function statsDocument(
  names: Names,
  { readNs, reading, ...sample }: Sample,
  previous: PreviousSample | undefined,
  onlineCpus: number,
): StatsResponse {
  const cpuOf = (cpu: ContainerReading["cpu"], systemCpuNs: number): CpuStats => ({
    cpu_usage: cpu.cpu_usage,
    system_cpu_usage: systemCpuNs,
    online_cpus: onlineCpus,
    throttling_data: cpu.throttling_data,
  });
  return {
    name: `/${names.name}`,
    id: names.id,
    read: formatRfc3339Nano(readNs),
    preread: previous === undefined ? zeroTime : formatRfc3339Nano(previous.readNs),
    pids_stats: reading.pids,
    blkio_stats: reading.blkio,
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpuOf(reading.cpu, sample.systemCpuNs),
    precpu_stats: previous === undefined ? noCpu : cpuOf(previous.cpu, previous.systemCpuNs),
    memory_stats: reading.memory,
    ...(reading.networks && { networks: reading.networks }),
  };
}

/** What is kept of a sample, to compare later ones with. */
export interface PreviousSample {
  readonly readNs: bigint;
  readonly systemCpuNs: number;
  readonly cpu: ContainerReading["cpu"];
  readonly startedAt: string;
}

/** The begin of a container's run: it had used nothing, and since then every processor has counted every nanosecond. */
export function startOfRun({ readNs, systemCpuNs, startedAt, reading }: Sample, onlineCpus: number): PreviousSample {
  const startedNs = BigInt(Date.parse(startedAt)) * 1_000_000n;
  const ranNs = Number(readNs - startedNs);
  return {
    readNs: startedNs,
    systemCpuNs: Math.max(0, systemCpuNs - Math.max(0, ranNs) * onlineCpus),
    cpu: unusedBy(reading.cpu.cpu_usage.percpu_usage),
    startedAt,
  };
}

function unusedBy(processors: readonly unknown[] | undefined): ContainerReading["cpu"] {
  if (processors === undefined) return noCpu;
  return { ...noCpu, cpu_usage: { ...noCpu.cpu_usage, percpu_usage: processors.map(() => 0) } };
}

const noCpu = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
} as const;

/** Of a container that does not run. */
export function stoppedDocument({ id, name }: Names): StatsResponse {
  return {
    name: `/${name}`,
    id,
    read: zeroTime,
    preread: zeroTime,
    pids_stats: {},
    blkio_stats: noBlkioStats,
    num_procs: 0,
    storage_stats: {},
    cpu_stats: noCpu,
    precpu_stats: noCpu,
    memory_stats: {},
  };
}
