import type { OciResources } from "#spec";

/** One limit, as text for one file of a cgroup. */
export interface LimitWrite {
  /** Names the tree in v1. */
  readonly controller: string;
  /** File and text; the first file that is there counts. */
  readonly choices: readonly (readonly [file: string, text: string])[];
  /** Starts the line of a file that holds one line for each device. */
  readonly device?: string;
}

/** Limits to change in a live cgroup; what is absent stays. `pids` of 0 or less, and a quota or swap below 0: no limit. */
export type LimitChange = Pick<OciResources, "memory" | "cpu" | "pids" | "blockIO">;

/** How the kernel's files of both versions say it (cgroup-v1/memory.rst, cgroup-v2.rst), in the order to write them. */
export function limitWrites(version: 1 | 2, change: LimitChange): LimitWrite[] {
  const { memory, cpu, pids, blockIO } = change;
  const v1 = version === 1;
  return [
    ...(memory === undefined ? [] : v1 ? memoryV1(memory) : memoryV2(memory)),
    ...(cpu === undefined ? [] : [...(v1 ? cpuV1(cpu) : cpuV2(cpu)), ...cpuset(cpu)]),
    ...(pids === undefined ? [] : [write("pids", "pids.max", pids.limit > 0 ? pids.limit : "max")]),
    ...(blockIO === undefined ? [] : v1 ? blockV1(blockIO) : blockV2(blockIO)),
  ];
}

function write(controller: string, file: string, value: number | string): LimitWrite {
  return { controller, choices: [[file, String(value)]] };
}

/** Writes nothing for what is not to change. */
function optional(controller: string, file: string, value: number | string | undefined): LimitWrite[] {
  return value === undefined ? [] : [write(controller, file, value)];
}

type Memory = NonNullable<OciResources["memory"]>;

function memoryV1({ limit, swap, reservation, swappiness, disableOOMKiller }: Memory): LimitWrite[] {
  const oom = disableOOMKiller === undefined ? undefined : disableOOMKiller ? 1 : 0;
  return [
    ...optional("memory", "memory.limit_in_bytes", limit),
    ...optional("memory", "memory.memsw.limit_in_bytes", swap),
    ...optional("memory", "memory.soft_limit_in_bytes", reservation),
    ...optional("memory", "memory.swappiness", swappiness),
    ...optional("memory", "memory.oom_control", oom),
  ];
}

function memoryV2({ limit, swap, reservation }: Memory): LimitWrite[] {
  const swapMax = swap === undefined ? undefined : swap < 0 ? "max" : Math.max(0, swap - (limit ?? 0));
  return [
    ...optional("memory", "memory.swap.max", swapMax),
    ...optional("memory", "memory.max", limit !== undefined && limit < 0 ? "max" : limit),
    ...optional("memory", "memory.low", reservation),
  ];
}

type Cpu = NonNullable<OciResources["cpu"]>;

function cpuV1({ shares, period, quota, realtimePeriod, realtimeRuntime }: Cpu): LimitWrite[] {
  return [
    ...optional("cpu", "cpu.shares", shares),
    ...optional("cpu", "cpu.cfs_period_us", period),
    ...optional("cpu", "cpu.cfs_quota_us", quota === undefined ? undefined : Math.max(-1, quota)),
    ...optional("cpu", "cpu.rt_period_us", realtimePeriod),
    ...optional("cpu", "cpu.rt_runtime_us", realtimeRuntime),
  ];
}

function cpuV2({ shares, period, quota }: Cpu): LimitWrite[] {
  const time = quota === undefined && period === undefined ? undefined : quotaText(quota, period);
  return [...optional("cpu", "cpu.weight", shares && weightOfShares(shares)), ...optional("cpu", "cpu.max", time)];
}

function quotaText(quota = -1, period = 100_000): string {
  return `${quota > 0 ? quota : "max"} ${period}`;
}

/** From 2…262144 to 1…10000, as the OCI runtime-spec's v1 to v2 table has it. */
function weightOfShares(shares: number): number {
  const clamped = Math.min(262_144, Math.max(2, shares));
  return 1 + Math.floor(((clamped - 2) * 9999) / 262_142);
}

function cpuset({ cpus, mems }: Cpu): LimitWrite[] {
  return [...optional("cpuset", "cpuset.cpus", cpus), ...optional("cpuset", "cpuset.mems", mems)];
}

type BlockIo = NonNullable<OciResources["blockIO"]>;
type Throttles = BlockIo["throttleReadBpsDevice"];

function blockV1(io: BlockIo): LimitWrite[] {
  const throttle = (file: string, list: Throttles): LimitWrite[] =>
    (list ?? []).map((entry) => deviceWrite(["blkio", `blkio.throttle.${file}_device`], entry, String(entry.rate)));
  const weights = io.weightDevice ?? [];
  return [
    ...weightWrite("blkio", io.weight, (weight) => [
      ["blkio.bfq.weight", weight],
      ["blkio.weight", weight],
    ]),
    ...weights.map((entry) => deviceWrite(["blkio", "blkio.weight_device"], entry, String(entry.weight))),
    ...throttle("read_bps", io.throttleReadBpsDevice),
    ...throttle("write_bps", io.throttleWriteBpsDevice),
    ...throttle("read_iops", io.throttleReadIOPSDevice),
    ...throttle("write_iops", io.throttleWriteIOPSDevice),
  ];
}

function blockV2(io: BlockIo): LimitWrite[] {
  const throttle = (key: string, list: Throttles): LimitWrite[] =>
    (list ?? []).map((entry) => deviceWrite(["io", "io.max"], entry, `${key}=${entry.rate > 0 ? entry.rate : "max"}`));
  const weights = io.weightDevice ?? [];
  return [
    ...weightWrite("io", io.weight, (weight) => [
      ["io.bfq.weight", weight],
      // From 10…1000 to 1…10000, as the OCI runtimes do.
      ["io.weight", 1 + Math.floor(((weight - 10) * 9999) / 990)],
    ]),
    ...weights.map((entry) => deviceWrite(["io", "io.bfq.weight"], entry, String(entry.weight))),
    ...throttle("rbps", io.throttleReadBpsDevice),
    ...throttle("wbps", io.throttleWriteBpsDevice),
    ...throttle("riops", io.throttleReadIOPSDevice),
    ...throttle("wiops", io.throttleWriteIOPSDevice),
  ];
}

function weightWrite(
  controller: string,
  weight: number | undefined,
  choices: (weight: number) => readonly (readonly [string, number])[],
): LimitWrite[] {
  if (weight === undefined) return [];
  return [{ controller, choices: choices(weight).map(([file, value]) => [file, String(value)] as const) }];
}

function deviceWrite(
  [controller, file]: readonly [string, string],
  { major, minor }: { readonly major: number; readonly minor: number },
  value: string,
): LimitWrite {
  const device = `${major}:${minor}`;
  return { controller, choices: [[file, `${device} ${value}`]], device };
}
