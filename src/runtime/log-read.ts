import { readBlocks, type LogBlock } from "./log-blocks.ts";
import type { LogReadOptions, LogRecord } from "./contract.ts";
import { LogClock, parseOutput, parseRecords, type OutputChunk } from "./log-parse.ts";
import { findTail } from "./log-tail.ts";

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
  for await (const { data } of logBlocks(path, options, signal)) {
    for (const record of parseRecords(data, clock)) {
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
  options: Pick<LogReadOptions, "from" | "tail" | "follow" | "pin">,
  signal: AbortSignal,
): AsyncGenerator<OutputChunk, void, undefined> {
  for await (const { data } of logBlocks(path, options, signal)) yield* parseOutput(data);
}

async function* logBlocks(
  path: string,
  options: LogReadOptions,
  signal: AbortSignal,
): AsyncGenerator<LogBlock, void, undefined> {
  const { tail, sinceNs, pin = "soft", follow } = options;
  const from = tail === undefined ? (options.from ?? { segment: 1, offset: 0 }) : await findTail(path, tail);
  yield* readBlocks(path, { from, ended: follow?.ended, sinceNs, pin, signal });
}
