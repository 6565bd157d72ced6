import { LogFile } from "./log-blocks.ts";
import { LogClock, parseOutput, parseRecords, type OutputChunk } from "./log-parse.ts";
import { findTail } from "./log-tail.ts";
import type { LogReadOptions, LogRecord } from "./contract.ts";

/**
 * Records of a conmon log, oldest first. A missing file has none; with `follow` it is waited for.
 * `tail` is applied before `sinceNs` and `untilNs`, as Docker does.
 */
export async function* readLog(
  path: string,
  options: LogReadOptions,
  signal: AbortSignal,
): AsyncGenerator<LogRecord, void, undefined> {
  const clock = new LogClock();
  const { sinceNs, untilNs } = options;
  for await (const block of readBlocks(path, options, signal)) {
    for (const record of parseRecords(block, clock)) {
      if (untilNs !== undefined && record.timeNs > untilNs) return;
      if (sinceNs === undefined || record.timeNs >= sinceNs) yield record;
    }
  }
}

/**
 * The same bytes without their times, in chunks as large as reading gave: what `attach` and `logs` without
 * timestamps, since and until want.
 */
export async function* readOutput(
  path: string,
  options: Pick<LogReadOptions, "offset" | "tail" | "follow">,
  signal: AbortSignal,
): AsyncGenerator<OutputChunk, void, undefined> {
  for await (const block of readBlocks(path, options, signal)) yield* parseOutput(block);
}

async function* readBlocks(
  path: string,
  options: LogReadOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  using file = LogFile.open(path, options.follow !== undefined);
  if (file === undefined) return;
  const from =
    options.tail === undefined ? (options.offset ?? 0) : Math.max(findTail(file.fd, options.tail), options.offset ?? 0);
  yield* file.blocks({ from, ended: options.follow?.ended, signal });
}
