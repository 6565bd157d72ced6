import { expect, test } from "bun:test";
import { limitWrites, type LimitChange } from "./writes.ts";

const change: LimitChange = {
  memory: { limit: 64, swap: 96, reservation: 32 },
  cpu: { shares: 1024, period: 50_000, quota: 25_000, cpus: "0", mems: "0" },
  pids: { limit: 7 },
  blockIO: {
    weight: 300,
    throttleReadBpsDevice: [{ major: 8, minor: 1, rate: 1000 }],
    throttleWriteIOPSDevice: [{ major: 8, minor: 1, rate: 5 }],
  },
};
const texts = (version: 1 | 2, what: LimitChange): string[] =>
  limitWrites(version, what).map(
    ({ controller, choices }) => `${controller} ${choices.map((choice) => choice.join(" ")).join(" | ")}`,
  );

test("v1: a file for each limit in the tree of its controller", () => {
  expect(texts(1, change)).toEqual([
    "memory memory.limit_in_bytes 64",
    "memory memory.memsw.limit_in_bytes 96",
    "memory memory.soft_limit_in_bytes 32",
    "cpu cpu.shares 1024",
    "cpu cpu.cfs_period_us 50000",
    "cpu cpu.cfs_quota_us 25000",
    "cpuset cpuset.cpus 0",
    "cpuset cpuset.mems 0",
    "pids pids.max 7",
    "blkio blkio.bfq.weight 300 | blkio.weight 300",
    "blkio blkio.throttle.read_bps_device 8:1 1000",
    "blkio blkio.throttle.write_iops_device 8:1 5",
  ]);
});

test("v2: swap alone, a weight, one file of time and one of I/O", () => {
  expect(texts(2, change)).toEqual([
    "memory memory.swap.max 32",
    "memory memory.max 64",
    "memory memory.low 32",
    "cpu cpu.weight 39",
    "cpu cpu.max 25000 50000",
    "cpuset cpuset.cpus 0",
    "cpuset cpuset.mems 0",
    "pids pids.max 7",
    "io io.bfq.weight 300 | io.weight 2930",
    "io io.max 8:1 rbps=1000",
    "io io.max 8:1 wiops=5",
  ]);
});

test("no limit", () => {
  const open: LimitChange = { memory: { limit: 64, swap: -1 }, cpu: { quota: -1 }, pids: { limit: -1 } };
  expect(texts(1, open)).toEqual([
    "memory memory.limit_in_bytes 64",
    "memory memory.memsw.limit_in_bytes -1",
    "cpu cpu.cfs_quota_us -1",
    "pids pids.max max",
  ]);
  expect(texts(2, open)).toEqual([
    "memory memory.swap.max max",
    "memory memory.max 64",
    "cpu cpu.max max 100000",
    "pids pids.max max",
  ]);
});

test("what is not to change is not written", () => {
  expect(texts(1, {})).toEqual([]);
  expect(texts(2, { cpu: {}, memory: {}, blockIO: {} })).toEqual([]);
});

test.each([
  [2, 1],
  [1024, 39],
  [262_144, 10_000],
  [1, 1],
])("%d shares are a weight of %d", (shares, weight) => {
  expect(texts(2, { cpu: { shares } })).toEqual([`cpu cpu.weight ${weight}`]);
});
