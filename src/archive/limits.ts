import { EngineError } from "#core";
import type { ArchiveLimits } from "./types.ts";

const gib = 2 ** 30;

const defaults: Required<ArchiveLimits> = {
  maxBytes: 256 * gib,
  maxRatio: 2000,
  maxEntries: 5_000_000,
  maxPathBytes: 4095,
  maxDepth: 1024,
  maxHeaderBytes: 2 ** 20,
  maxSparseBytes: 2 ** 44,
};

/** Output below this size is never judged by its ratio: a gigabyte of zeros is a legitimate file. */
const ratioFreeBytes = gib;

export function resolveLimits(limits: ArchiveLimits = {}): Required<ArchiveLimits> {
  return { ...defaults, ...limits };
}

/** @throws EngineError `exhausted` when so much came out of so little */
export function checkExpansion(compressed: number, uncompressed: number, limits: Required<ArchiveLimits>): void {
  if (uncompressed > limits.maxBytes) {
    throw new EngineError("exhausted", `archive is larger than ${limits.maxBytes} bytes`);
  }
  if (uncompressed > ratioFreeBytes && uncompressed > compressed * limits.maxRatio) {
    throw new EngineError(
      "exhausted",
      `archive expands more than ${limits.maxRatio} times: ${compressed} to ${uncompressed} bytes`,
    );
  }
}

/** As much of an AbortSignal as a worker thread can be given. */
export type CancelSignal = Pick<AbortSignal, "aborted">;

/** @throws EngineError `canceled` */
export function checkSignal(signal: CancelSignal | undefined): void {
  if (signal?.aborted) throw new EngineError("canceled", "unpacking was canceled");
}
