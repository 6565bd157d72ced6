import type { Counter, NetworkStats, StatsResponse } from "#spec";
import { formatBinarySize, formatSize, type ListSpec } from "#term";

/** One line of `stats`. */
export interface StatsRow {
  /** As the user, or the list, names the container. */
  readonly container: string;
  /** Undefined: nothing is known, or nothing any more. */
  readonly stats: StatsResponse | undefined;
  /** What was known of them before. */
  readonly names: { readonly id: string; readonly name: string };
}

export function statsColumns(trunc: boolean): ListSpec<StatsRow> {
  const known = (show: (stats: StatsResponse) => string, unknown = "--") => {
    return ({ stats }: StatsRow): string => (stats === undefined ? unknown : show(stats));
  };
  return {
    typeName: "*container.statsContext",
    failure: "template parsing error",
    table: ["ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"],
    columns: [
      { name: "Container", header: "CONTAINER", value: ({ container }) => container },
      { name: "ID", header: "CONTAINER ID", value: ({ names }) => (trunc ? names.id.slice(0, 12) : names.id) },
      { name: "Name", header: "NAME", value: ({ names }) => (names.name.length > 1 ? names.name.slice(1) : "--") },
      { name: "CPUPerc", header: "CPU %", value: known((stats) => percent(cpuPercent(stats))) },
      { name: "MemUsage", header: "MEM USAGE / LIMIT", value: known(memoryText, "-- / --") },
      { name: "MemPerc", header: "MEM %", value: known((stats) => percent(memoryPercent(stats))) },
      { name: "NetIO", header: "NET I/O", value: known(networkText) },
      { name: "BlockIO", header: "BLOCK I/O", value: known(blockText) },
      { name: "PIDs", header: "PIDS", value: known(({ pids_stats }) => String(pids_stats.current ?? 0)) },
    ],
  };
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}

/** Of one processor: two that are busy are 200 %. */
function cpuPercent({ cpu_stats: now, precpu_stats: before }: StatsResponse): number {
  const used = Number(now.cpu_usage.total_usage) - Number(before.cpu_usage.total_usage);
  const passed = Number(now.system_cpu_usage ?? 0) - Number(before.system_cpu_usage ?? 0);
  const processors = now.online_cpus || (now.cpu_usage.percpu_usage?.length ?? 0);
  return used > 0 && passed > 0 ? (used / passed) * processors * 100 : 0;
}

/** Without the part of the page cache that the kernel can take back. */
function memoryUsed({ memory_stats: { usage = 0, stats = {} } }: StatsResponse): number {
  const cache = Number(stats["total_inactive_file"] ?? stats["inactive_file"] ?? 0);
  return cache < Number(usage) ? Number(usage) - cache : Number(usage);
}

function memoryText(stats: StatsResponse): string {
  return `${formatBinarySize(memoryUsed(stats))} / ${formatBinarySize(Number(stats.memory_stats.limit ?? 0))}`;
}

function memoryPercent(stats: StatsResponse): number {
  const limit = Number(stats.memory_stats.limit ?? 0);
  return limit === 0 ? 0 : (memoryUsed(stats) / limit) * 100;
}

function networkText({ networks = {} }: StatsResponse): string {
  const sum = (key: keyof NetworkStats): number => total(Object.values(networks).map((one) => one[key]));
  return `${formatSize(sum("rx_bytes"), 3)} / ${formatSize(sum("tx_bytes"), 3)}`;
}

function blockText({ blkio_stats: { io_service_bytes_recursive: entries } }: StatsResponse): string {
  const sum = (letter: string): number =>
    total((entries ?? []).filter(({ op }) => op.toLowerCase().startsWith(letter)).map(({ value }) => value));
  return `${formatSize(sum("r"), 3)} / ${formatSize(sum("w"), 3)}`;
}

function total(values: readonly Counter[]): number {
  return values.reduce<number>((sum, value) => sum + Number(value), 0);
}
