import {
  parseCounter,
  noBlkioStats,
  type BlkioEntry,
  type BlkioStats,
  type ContainerReading,
  type Counter,
  type MemoryStats,
} from "#spec";
import type { ControllerDirectory } from "../limits/directory.ts";
import { readText } from "../task-files.ts";
import { multiply, parseFlatKeyed, pick, smaller } from "./parse.ts";

const memoryLines = [
  "active_anon",
  "active_file",
  "anon",
  "anon_thp",
  "file",
  "file_dirty",
  "file_mapped",
  "file_writeback",
  "inactive_anon",
  "inactive_file",
  "kernel_stack",
  "pgactivate",
  "pgdeactivate",
  "pgfault",
  "pglazyfree",
  "pglazyfreed",
  "pgmajfault",
  "pgrefill",
  "pgscan",
  "pgsteal",
  "shmem",
  "slab",
  "slab_reclaimable",
  "slab_unreclaimable",
  "sock",
  "thp_collapse_alloc",
  "thp_fault_alloc",
  "unevictable",
  "workingset_activate",
  "workingset_nodereclaim",
  "workingset_refault",
];

/** How Docker writes "max". */
const noLimit = 2n ** 64n - 1n;

type Reading = Omit<ContainerReading, "networks">;

/** Undefined when the cgroup is gone. */
export function readCgroupV2(directoryOf: ControllerDirectory, hostMemoryBytes: number): Reading | undefined {
  const directory = directoryOf("");
  const read = (file: string): string | undefined => readText(`${directory}/${file}`);
  const text = read("cpu.stat");
  if (text === undefined) return undefined;
  const time = parseFlatKeyed(text);
  const nanoseconds = (name: string): Counter => multiply(time.get(name), 1000);
  return {
    cpu: {
      cpu_usage: {
        total_usage: nanoseconds("usage_usec"),
        usage_in_kernelmode: nanoseconds("system_usec"),
        usage_in_usermode: nanoseconds("user_usec"),
      },
      throttling_data: {
        periods: time.get("nr_periods") ?? 0,
        throttled_periods: time.get("nr_throttled") ?? 0,
        throttled_time: nanoseconds("throttled_usec"),
      },
    },
    memory: memoryOf(read, hostMemoryBytes),
    pids: pidsOf(read("pids.current"), read("pids.max")),
    blkio: blkioOf(read("io.stat")),
  };
}

function memoryOf(read: (file: string) => string | undefined, hostMemoryBytes: number): MemoryStats {
  const usage = read("memory.current");
  if (usage === undefined) return {};
  const failures = parseFlatKeyed(read("memory.events")).get("oom") ?? 0;
  return {
    usage: parseCounter(usage),
    stats: pick(parseFlatKeyed(read("memory.stat")), memoryLines),
    ...(failures === 0 ? {} : { failcnt: failures }),
    limit: smaller(parseCounter(read("memory.max")), hostMemoryBytes),
  };
}

function pidsOf(current: string | undefined, max: string | undefined): ContainerReading["pids"] {
  if (current === undefined) return {};
  return { current: parseCounter(current), limit: max?.trim() === "max" ? noLimit : parseCounter(max) };
}

/** Lines of `8:0 rbytes=1 wbytes=2 rios=3 …`. */
function blkioOf(text: string | undefined): BlkioStats {
  const entries = (text ?? "").split("\n").flatMap((line): BlkioEntry[] => {
    const [, major, minor, rest = ""] = /^(\d+):(\d+) (.*)$/.exec(line) ?? [];
    if (major === undefined) return [];
    const entry = (op: string, key: string): BlkioEntry => {
      const value = new RegExp(`\\b${key}=(\\d+)`).exec(rest)?.[1];
      return { major: Number(major), minor: Number(minor), op, value: parseCounter(value) };
    };
    return [entry("read", "rbytes"), entry("write", "wbytes")];
  });
  return { ...noBlkioStats, io_service_bytes_recursive: entries.length === 0 ? null : entries };
}
