/** The only way to the wall clock; tests pass their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Nanoseconds since the epoch, as fine as the host gives. */
  nowNs(): bigint;
}

/** A timer of a longer time than this fires at once. */
export const maxTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  nowNs: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n,
};

/** RFC 3339 with nine fractional digits in UTC, as Docker prints times (`2024-05-01T10:11:12.123456789Z`). */
export function formatRfc3339Nano(ns: bigint): string {
  const ms = Number(ns / 1_000_000n);
  const fraction = (ns % 1_000_000_000n).toString().padStart(9, "0");
  return `${new Date(ms).toISOString().slice(0, 19)}.${fraction}Z`;
}

/** What Docker prints for a time that was never set. */
export const zeroTime = "0001-01-01T00:00:00Z";
