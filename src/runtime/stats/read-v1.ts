import { parseCounter, type BlkioEntry, type BlkioStats, type ContainerReading, type MemoryStats } from "#spec";
import type { ControllerDirectory } from "../limits/directory.ts";
import { readText } from "../task-files.ts";
import { multiply, parseFlatKeyed, pick, smaller } from "./parse.ts";

/** The kernel's unit of cpuacct.stat is 1/100 s on every architecture Linux shows it to (USER_HZ). */
const nanosecondsPerTick = 10_000_000;

const ownMemoryLines = [
  "active_anon",
  "active_file",
  "cache",
  "dirty",
  "inactive_anon",
  "inactive_file",
  "mapped_file",
  "pgfault",
  "pgmajfault",
  "pgpgin",
  "pgpgout",
  "rss",
  "rss_huge",
  "unevictable",
  "writeback",
];
const memoryLines = [
  ...ownMemoryLines,
  ...ownMemoryLines.map((name) => `total_${name}`),
  "hierarchical_memory_limit",
  "hierarchical_memsw_limit",
].toSorted();

type Reading = Omit<ContainerReading, "networks">;

/** Undefined when the cgroup is gone. */
export function readCgroupV1(directoryOf: ControllerDirectory, hostMemoryBytes: number): Reading | undefined {
  const read = (controller: string, file: string): string | undefined => readText(`${directoryOf(controller)}/${file}`);
  const usage = read("cpuacct", "cpuacct.usage");
  if (usage === undefined) return undefined;
  const split = parseFlatKeyed(read("cpuacct", "cpuacct.stat"));
  const time = parseFlatKeyed(read("cpu", "cpu.stat"));
  return {
    cpu: {
      cpu_usage: {
        total_usage: parseCounter(usage),
        percpu_usage: (read("cpuacct", "cpuacct.usage_percpu") ?? "").trim().split(" ").map(parseCounter),
        usage_in_kernelmode: multiply(split.get("system"), nanosecondsPerTick),
        usage_in_usermode: multiply(split.get("user"), nanosecondsPerTick),
      },
      throttling_data: {
        periods: time.get("nr_periods") ?? 0,
        throttled_periods: time.get("nr_throttled") ?? 0,
        throttled_time: time.get("throttled_time") ?? 0,
      },
    },
    memory: memoryOf((file) => read("memory", `memory.${file}`), hostMemoryBytes),
    pids: pidsOf(read("pids", "pids.current"), read("pids", "pids.max")),
    blkio: blkioOf((file) => read("blkio", `blkio.${file}`)),
  };
}

function memoryOf(read: (file: string) => string | undefined, hostMemoryBytes: number): MemoryStats {
  const failures = parseCounter(read("failcnt"));
  return {
    usage: parseCounter(read("usage_in_bytes")),
    max_usage: parseCounter(read("max_usage_in_bytes")),
    stats: pick(parseFlatKeyed(read("stat")), memoryLines),
    ...(failures === 0 ? {} : { failcnt: failures }),
    limit: smaller(parseCounter(read("limit_in_bytes")), hostMemoryBytes),
  };
}

/** Docker leaves out what is 0, and so the limit that there is not. */
function pidsOf(current: string | undefined, max: string | undefined): ContainerReading["pids"] {
  const limit = parseCounter(max);
  return { current: parseCounter(current), ...(limit === 0 ? {} : { limit }) };
}

/** The throttling layer counts for every scheduler. */
function blkioOf(read: (file: string) => string | undefined): BlkioStats {
  return {
    io_service_bytes_recursive: entries(read("throttle.io_service_bytes_recursive")),
    io_serviced_recursive: entries(read("throttle.io_serviced_recursive")),
    io_queue_recursive: [],
    io_service_time_recursive: [],
    io_wait_time_recursive: [],
    io_merged_recursive: [],
    io_time_recursive: [],
    sectors_recursive: [],
  };
}

/** Lines of `8:0 Read 4096`; the sum of all devices, without a device, is left out. */
function entries(text: string | undefined): BlkioEntry[] {
  return (text ?? "").split("\n").flatMap((line) => {
    const [, major, minor, op, value] = /^(\d+):(\d+) (\w+) (\d+)$/.exec(line) ?? [];
    if (op === undefined) return [];
    return [{ major: Number(major), minor: Number(minor), op, value: parseCounter(value) }];
  });
}
