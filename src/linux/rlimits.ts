import { bindLibc, check } from "./libc.ts";

const libc = bindLibc({
  getrlimit: { args: ["i32", "ptr"], returns: "i32" },
});

/** Docker's ulimit names and the kernel's numbers (getrlimit(2)). */
export const rlimitNumbers = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
} as const;

export type RlimitName = keyof typeof rlimitNumbers;

/** -1 means unlimited. */
export interface Rlimit {
  readonly soft: number;
  readonly hard: number;
}

const infinity = 0xffffffffffffffffn;

/** This process's limit, which its children cannot pass without CAP_SYS_RESOURCE. */
export function getRlimit(name: RlimitName): Rlimit {
  const pair = new BigUint64Array(2);
  check(libc.getrlimit(rlimitNumbers[name], pair), "getrlimit", name);
  return { soft: fromKernel(pair[0]), hard: fromKernel(pair[1]) };
}

/** Every limit of this process. */
export function listRlimits(): Record<RlimitName, Rlimit> {
  const names = Object.keys(rlimitNumbers) as RlimitName[];
  return Object.fromEntries(names.map((name) => [name, getRlimit(name)])) as Record<RlimitName, Rlimit>;
}

/** `wanted` as far as `ceiling` (a hard limit) allows. */
export function clampRlimit(wanted: Rlimit, ceiling: number): Rlimit {
  const hard = smaller(wanted.hard, ceiling);
  return { soft: smaller(wanted.soft, hard), hard };
}

function smaller(a: number, b: number): number {
  if (a === -1) return b;
  return b === -1 ? a : Math.min(a, b);
}

function fromKernel(value: bigint | undefined): number {
  return value === undefined || value === infinity ? -1 : Number(value);
}
