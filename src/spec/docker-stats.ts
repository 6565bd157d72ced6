/** Of the kernel's 64-bit counters: a bigint where a number would lose digits. */
export type Counter = number | bigint;

export interface BlkioEntry {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: Counter;
}

/** Null in v2 and while a container is stopped: not known. */
export interface BlkioStats {
  readonly io_service_bytes_recursive: readonly BlkioEntry[] | null;
  readonly io_serviced_recursive: readonly BlkioEntry[] | null;
  readonly io_queue_recursive: readonly BlkioEntry[] | null;
  readonly io_service_time_recursive: readonly BlkioEntry[] | null;
  readonly io_wait_time_recursive: readonly BlkioEntry[] | null;
  readonly io_merged_recursive: readonly BlkioEntry[] | null;
  readonly io_time_recursive: readonly BlkioEntry[] | null;
  readonly sectors_recursive: readonly BlkioEntry[] | null;
}

/** Nothing is known. */
export const noBlkioStats: BlkioStats = {
  io_service_bytes_recursive: null,
  io_serviced_recursive: null,
  io_queue_recursive: null,
  io_service_time_recursive: null,
  io_wait_time_recursive: null,
  io_merged_recursive: null,
  io_time_recursive: null,
  sectors_recursive: null,
};

/** Nanoseconds. */
export interface CpuUsage {
  readonly total_usage: Counter;
  /** v1 only. */
  readonly percpu_usage?: readonly Counter[];
  readonly usage_in_kernelmode: Counter;
  readonly usage_in_usermode: Counter;
}

export interface CpuStats {
  readonly cpu_usage: CpuUsage;
  /** Of all processors together; nanoseconds. */
  readonly system_cpu_usage?: Counter;
  readonly online_cpus?: number;
  readonly throttling_data: {
    readonly periods: Counter;
    readonly throttled_periods: Counter;
    /** Nanoseconds. */
    readonly throttled_time: Counter;
  };
}

/** Bytes. `stats` are lines of memory.stat, which differ between v1 and v2. */
export interface MemoryStats {
  readonly usage?: Counter;
  readonly max_usage?: Counter;
  readonly stats?: Readonly<Record<string, Counter>>;
  readonly failcnt?: Counter;
  readonly limit?: Counter;
}

export interface NetworkStats {
  readonly rx_bytes: Counter;
  readonly rx_packets: Counter;
  readonly rx_errors: Counter;
  readonly rx_dropped: Counter;
  readonly tx_bytes: Counter;
  readonly tx_packets: Counter;
  readonly tx_errors: Counter;
  readonly tx_dropped: Counter;
}

/** What one look at a container's cgroup and interfaces tells. */
export interface ContainerReading {
  readonly cpu: Pick<CpuStats, "cpu_usage" | "throttling_data">;
  readonly memory: MemoryStats;
  readonly pids: { readonly current?: Counter; readonly limit?: Counter };
  readonly blkio: BlkioStats;
  /** By name; absent without interfaces of its own. */
  readonly networks?: Readonly<Record<string, NetworkStats>>;
}

/** `GET /containers/{id}/stats`. */
export interface StatsResponse {
  readonly name: string;
  readonly id: string;
  readonly read: string;
  readonly preread: string;
  readonly pids_stats: ContainerReading["pids"];
  readonly blkio_stats: BlkioStats;
  readonly num_procs: 0;
  readonly storage_stats: Readonly<Record<string, never>>;
  readonly cpu_stats: CpuStats;
  readonly precpu_stats: CpuStats;
  readonly memory_stats: MemoryStats;
  readonly networks?: Readonly<Record<string, NetworkStats>>;
}

/** A counter of the kernel, with all its digits; 0 for what is none. */
export function parseCounter(text: string | undefined): Counter {
  const digits = text?.trim() ?? "";
  if (!/^\d+$/.test(digits)) return 0;
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

/** JSON whose bigints are numbers. */
export function encodeCounters(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? rawNumber(String(item)) : item));
}

/** TypeScript's library does not know it yet. */
const { rawJSON: rawNumber } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
