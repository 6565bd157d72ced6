import { expect, test } from "bun:test";
import type { LimitSupport } from "#runtime";
import type { Resources } from "#spec";
import { dropUnsupported } from "./unsupported.ts";

const all: LimitSupport = {
  memory: true,
  swap: true,
  reservation: true,
  swappiness: true,
  oomKillDisable: true,
  kernelMemoryTcp: true,
  pids: true,
  cpuShares: true,
  cpuQuota: true,
  cpuset: true,
  ioWeight: true,
  ioWeightDevice: true,
  readBps: true,
  writeBps: true,
  readIops: true,
  writeIops: true,
};
const none = Object.fromEntries(Object.keys(all).map((name) => [name, false])) as unknown as LimitSupport;

const cases: readonly (readonly [Resources, Resources, string])[] = [
  [{ Memory: 1e7 }, { Memory: 0, MemorySwap: -1 }, "memory limit capabilities"],
  [{ MemorySwappiness: 50 }, { MemorySwappiness: null }, "memory swappiness capabilities"],
  [{ MemoryReservation: 1e7 }, { MemoryReservation: 0 }, "memory soft limit capabilities"],
  [{ OomKillDisable: true }, { OomKillDisable: null }, "OomKillDisable. OomKillDisable discarded."],
  [{ PidsLimit: 5 }, { PidsLimit: 0 }, "PIDs limit capabilities"],
  [{ CpuShares: 5 }, { CpuShares: 0 }, "CPU shares"],
  [{ CpuQuota: 5000 }, { CpuQuota: 0, CpuPeriod: 0 }, "CPU CFS scheduler"],
  [{ CpusetMems: "0" }, { CpusetMems: "", CpusetCpus: "" }, "cpuset"],
  [{ BlkioWeight: 300 }, { BlkioWeight: 0 }, "Block I/O weight or"],
  [{ BlkioWeightDevice: [{ Path: "/dev/x", Weight: 10 }] }, { BlkioWeightDevice: [] }, "Block I/O weight_device"],
  [{ BlkioDeviceReadBps: [{}] }, { BlkioDeviceReadBps: [] }, "BPS Block I/O read limit"],
  [{ BlkioDeviceWriteBps: [{}] }, { BlkioDeviceWriteBps: [] }, "BPS Block I/O write limit"],
  [{ BlkioDeviceReadIOps: [{}] }, { BlkioDeviceReadIOps: [] }, "IOPS Block read limit"],
  [{ BlkioDeviceWriteIOps: [{}] }, { BlkioDeviceWriteIOps: [] }, "IOPS Block write limit"],
];

test.each(cases)("%j becomes %j without a kernel for it", (asked, kept, words) => {
  const { host, warnings } = dropUnsupported(asked, none);
  expect(host).toEqual(kept);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toStartWith(`Your kernel does not support ${words}`);
});

test.each(cases)("%j stays where the kernel can do it", (asked) => {
  expect(dropUnsupported(asked, all).host).toBe(asked);
});

test("memory is limited without swap where swap is not accounted", () => {
  const { host, warnings } = dropUnsupported({ Memory: 1e7, MemorySwap: 2e7 }, { ...all, swap: false });
  expect(host).toEqual({ Memory: 1e7, MemorySwap: -1 });
  expect(warnings).toEqual([
    "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.",
  ]);
});

test("nothing that was not asked for is warned of", () => {
  const unasked = { OomKillDisable: false, MemorySwappiness: -1, PidsLimit: -1, MemorySwap: -1 };
  expect(dropUnsupported(unasked, none)).toEqual({ host: unasked, warnings: [] });
});

test("a container that the kernel may not end for want of memory needs a limit", () => {
  expect(dropUnsupported({ OomKillDisable: true }, all).warnings).toEqual([
    "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.",
  ]);
  expect(dropUnsupported({ OomKillDisable: true, Memory: 1e7 }, all).warnings).toEqual([]);
});
