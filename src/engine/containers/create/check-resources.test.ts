import { expect, test } from "bun:test";
import type { Resources } from "#spec";
import { checkResources } from "./check-resources.ts";

const host = { cpus: 2, limits: { cpuQuota: true } };
const mb = 1024 * 1024;

/** What Docker 28 answers to the same values. */
const refused: readonly (readonly [Resources, string])[] = [
  [{ Memory: 4 * mb }, "Minimum memory limit allowed is 6MB"],
  [{ Memory: -5 }, "Minimum memory limit allowed is 6MB"],
  [{ Memory: 10 * mb, MemorySwap: 5 * mb }, "Minimum memoryswap limit should be larger than memory limit, see usage"],
  [{ MemorySwap: 10 * mb }, "You should always set the Memory limit when using Memoryswap limit, see usage"],
  [{ MemoryReservation: mb }, "Minimum memory reservation allowed is 6MB"],
  [
    { Memory: 10 * mb, MemoryReservation: 20 * mb },
    "Minimum memory limit can not be less than memory reservation limit, see usage",
  ],
  [{ MemorySwappiness: 500 }, "Invalid value: 500, valid memory swappiness range is 0-100"],
  [{ MemorySwappiness: -2 }, "Invalid value: -2, valid memory swappiness range is 0-100"],
  [{ NanoCpus: 3e9 }, "range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"],
  [{ NanoCpus: 1e9, CpuPeriod: 10000 }, "Conflicting options: Nano CPUs and CPU Period cannot both be set"],
  [{ NanoCpus: 1e9, CpuQuota: 10000 }, "Conflicting options: Nano CPUs and CPU Quota cannot both be set"],
  [{ CpuShares: -3 }, "invalid CPU shares (-3): value must be a positive integer"],
  [{ CpuPeriod: 10 }, "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"],
  [{ CpuPeriod: -2 }, "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"],
  [{ CpuQuota: 10 }, "CPU cfs quota can not be less than 1ms (i.e. 1000)"],
  [
    { CpuRealtimePeriod: 1000, CpuRealtimeRuntime: 2000 },
    "cpu real-time runtime cannot be higher than cpu real-time period",
  ],
  [{ BlkioWeight: 5 }, "Range of blkio weight is from 10 to 1000"],
  [{ BlkioWeight: 1001 }, "Range of blkio weight is from 10 to 1000"],
  [{ IOMaximumIOps: 3 }, "invalid option: QoS maximum IOPs configuration is not supported on linux"],
];

test.each(refused)("%j", (resources, text) => {
  expect(() => checkResources(resources, host)).toThrow(text);
});

test("what Docker takes passes", () => {
  checkResources({ NanoCpus: 1e6, CpuRealtimeRuntime: 5000, MemorySwap: -1, MemorySwappiness: -1 }, host);
  checkResources({ Memory: 6 * mb, MemorySwap: -1, CpuQuota: -5, CpuShares: 1, BlkioWeight: 10 }, host);
});

test("an update may change swap alone", () => {
  checkResources({ MemorySwap: 10 * mb }, { ...host, update: true });
});

test("a number of CPUs needs a kernel that shares CPU time by quota", () => {
  expect(() => checkResources({ NanoCpus: 1e9 }, { cpus: 2, limits: { cpuQuota: false } })).toThrow(
    "NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted",
  );
});
