import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { encodeCounters, type ContainerReading } from "#spec";
import { controllerDirectory } from "../limits/directory.ts";
import { parseNetDev } from "./network.ts";
import { readCgroupV1 } from "./read-v1.ts";
import { readCgroupV2 } from "./read-v2.ts";
import { parseSystemTime } from "./system-time.ts";

const hostBytes = 8 * 1024 ** 3;
let root: string;
beforeEach(() => (root = mkdtempSync("/tmp/lighter-stats-")));
afterEach(() => rmSync(root, { recursive: true }));

function record(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(`${root}/${name}`), { recursive: true });
    writeFileSync(`${root}/${name}`, text);
  }
}

type Reading = Omit<ContainerReading, "networks"> | undefined;

describe("cgroup v2", () => {
  const read = (): Reading => {
    const host = { version: 2, trees: [root], hybridControllers: [] } as const;
    return readCgroupV2(controllerDirectory(host, "/lighter/c1", root), hostBytes);
  };
  const files = {
    "lighter/c1/cpu.stat":
      "usage_usec 41064\nuser_usec 30000\nsystem_usec 11064\nnr_periods 7\nnr_throttled 2\nthrottled_usec 350\n",
    "lighter/c1/memory.current": "3723264\n",
    "lighter/c1/memory.max": "52428800\n",
    "lighter/c1/memory.stat": "anon 53248\nfile 3149824\ninactive_file 3145728\npgfault 1638\nnew_in_linux_9 5\n",
    "lighter/c1/memory.events": "low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\n",
    "lighter/c1/pids.current": "3\n",
    "lighter/c1/pids.max": "max\n",
    "lighter/c1/io.stat": "254:0 rbytes=4096 wbytes=5255168 rios=1 wios=6 dbytes=0 dios=0\n",
  };

  test("what the kernel says, in Docker's fields", () => {
    record(files);
    const reading = read();
    expect(reading?.cpu).toEqual({
      cpu_usage: { total_usage: 41_064_000, usage_in_kernelmode: 11_064_000, usage_in_usermode: 30_000_000 },
      throttling_data: { periods: 7, throttled_periods: 2, throttled_time: 350_000 },
    });
    expect(reading?.memory).toMatchObject({ usage: 3_723_264, limit: 52_428_800, failcnt: 1 });
    expect(reading?.memory.stats).toMatchObject({ anon: 53_248, inactive_file: 3_145_728, pgfault: 1638, shmem: 0 });
    expect(reading?.memory.stats).not.toHaveProperty("new_in_linux_9");
    expect(reading?.blkio.io_service_bytes_recursive).toEqual([
      { major: 254, minor: 0, op: "read", value: 4096 },
      { major: 254, minor: 0, op: "write", value: 5_255_168 },
    ]);
    expect(reading?.blkio.io_serviced_recursive).toBeNull();
    expect(encodeCounters(reading?.pids)).toBe('{"current":3,"limit":18446744073709551615}');
  });

  test("memory without a limit is limited by the host's; no I/O is null", () => {
    record({ ...files, "lighter/c1/memory.max": "max\n", "lighter/c1/io.stat": "", "lighter/c1/pids.max": "5\n" });
    const reading = read();
    expect(reading?.memory.limit).toBe(hostBytes);
    expect(reading?.blkio.io_service_bytes_recursive).toBeNull();
    expect(reading?.pids.limit).toBe(5);
  });

  test("controllers that are not there leave their fields out; a cgroup that is gone has no reading", () => {
    expect(read()).toBeUndefined();
    record({ "lighter/c1/cpu.stat": "usage_usec 5\nuser_usec 2\nsystem_usec 3\n" });
    expect(read()).toMatchObject({ memory: {}, pids: {}, cpu: { throttling_data: { periods: 0 } } });
  });
});

describe("cgroup v1", () => {
  const read = (): Reading => {
    const host = { version: 1, trees: [root], hybridControllers: [] } as const;
    return readCgroupV1(controllerDirectory(host, "/lighter/c1", root), hostBytes);
  };

  test("what the kernel says, in Docker's fields", () => {
    record({
      "cpuacct/lighter/c1/cpuacct.usage": "41064632\n",
      "cpuacct/lighter/c1/cpuacct.usage_percpu": "36517643 4546989 \n",
      "cpuacct/lighter/c1/cpuacct.stat": "user 1\nsystem 2\n",
      "cpu/lighter/c1/cpu.stat": "nr_periods 2\nnr_throttled 1\nthrottled_time 9\n",
      "memory/lighter/c1/memory.usage_in_bytes": "3723264\n",
      "memory/lighter/c1/memory.max_usage_in_bytes": "6983680\n",
      "memory/lighter/c1/memory.limit_in_bytes": "9223372036854771712\n",
      "memory/lighter/c1/memory.failcnt": "0\n",
      "memory/lighter/c1/memory.stat":
        "cache 5\nshmem 7\nhierarchical_memory_limit 9223372036854771712\ntotal_cache 6\n",
      "pids/lighter/c1/pids.current": "1\n",
      "pids/lighter/c1/pids.max": "max\n",
      "blkio/lighter/c1/blkio.throttle.io_service_bytes_recursive": "254:0 Read 4096\n254:0 Total 4096\nTotal 4096\n",
    });
    const reading = read();
    expect(reading?.cpu).toEqual({
      cpu_usage: {
        total_usage: 41_064_632,
        percpu_usage: [36_517_643, 4_546_989],
        usage_in_kernelmode: 20_000_000,
        usage_in_usermode: 10_000_000,
      },
      throttling_data: { periods: 2, throttled_periods: 1, throttled_time: 9 },
    });
    expect(reading?.memory).toMatchObject({ usage: 3_723_264, max_usage: 6_983_680, limit: hostBytes });
    expect(reading?.memory).not.toHaveProperty("failcnt");
    expect(encodeCounters(reading?.memory.stats)).toContain('"hierarchical_memory_limit":9223372036854771712,');
    expect(Object.keys(reading?.memory.stats ?? {})).toHaveLength(32);
    expect(reading?.pids).toEqual({ current: 1 });
    expect(reading?.blkio.io_service_bytes_recursive).toEqual([
      { major: 254, minor: 0, op: "Read", value: 4096 },
      { major: 254, minor: 0, op: "Total", value: 4096 },
    ]);
    expect(reading?.blkio.io_serviced_recursive).toEqual([]);
  });

  test("a cgroup that is gone has no reading", () => {
    expect(read()).toBeUndefined();
  });
});

test("interfaces of a container, without those that the kernel makes", () => {
  const columns = (first: number): string => Array.from({ length: 16 }, (_, index) => first + index).join(" ");
  const text = `Inter-|   Receive\n face |bytes\n    lo: ${columns(0)}\n  eth0: ${columns(100)}\n eth1:${columns(200)}\n sit0: ${columns(0)}\n`;
  const networks = parseNetDev(text);
  expect(Object.keys(networks ?? {})).toEqual(["eth0", "eth1"]);
  expect(networks?.["eth1"]).toEqual({
    rx_bytes: 200,
    rx_packets: 201,
    rx_errors: 202,
    rx_dropped: 203,
    tx_bytes: 208,
    tx_packets: 209,
    tx_errors: 210,
    tx_dropped: 211,
  });
  expect(parseNetDev("Inter-|\n face |\n    lo: 0\n")).toBeUndefined();
});

test("time of all processors: user to softirq, in ticks of 10 ms", () => {
  expect(parseSystemTime("cpu  1 2 3 4 5 6 7 100 100 100\ncpu0 1\n")).toBe(280_000_000);
});
