import { formatRfc3339Nano } from "#core";
import type { LogRecord } from "#runtime";
import type { LogOptions, StreamFrame } from "../contract.ts";
import type { ContainerContext } from "./context.ts";
import { containerFiles } from "./files.ts";
import { isRunning, type ContainerRecord } from "./record.ts";

/** `docker logs`: the frames of a container's log, each a line with its newline, or a last part without. */
export function containerLogs(
  context: ContainerContext,
  ref: string,
  options: LogOptions,
  signal: AbortSignal,
): { readonly tty: boolean; readonly frames: AsyncIterable<StreamFrame> } {
  const record = context.registry.find(ref);
  return { tty: record.config.Tty === true, frames: logFrames(context, record, options, signal) };
}

async function* logFrames(
  context: ContainerContext,
  record: ContainerRecord,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<StreamFrame, void, undefined> {
  const prefix = options.details ? detailsOf(record) : "";
  let startsLine = true;
  for await (const entry of context.deps.runtime.readLog(
    containerFiles(context.deps, record.id).log,
    {
      ...(options.tail === undefined ? {} : { tail: options.tail }),
      ...(options.since === undefined ? {} : { sinceNs: options.since }),
      ...(options.until === undefined ? {} : { untilNs: options.until }),
      ...(options.follow && isRunning(record) ? { follow: { ended: context.taskEnds.of(record.id) } } : {}),
    },
    signal,
  )) {
    const wanted = entry.stream === "stdout" ? options.stdout : options.stderr;
    if (wanted) yield { stream: entry.stream, data: startsLine ? decorate(entry, options, prefix) : entry.data };
    startsLine = !entry.partial;
  }
}

function decorate(entry: LogRecord, options: LogOptions, details: string): Uint8Array {
  if (!options.timestamps && details === "") return entry.data;
  const time = options.timestamps ? `${formatRfc3339Nano(entry.timeNs)} ` : "";
  return Buffer.concat([Buffer.from(time + details), entry.data]);
}

/** Labels and environment that the log driver was told to add: none are configurable, so the column is empty. */
function detailsOf(_record: ContainerRecord): string {
  return " ";
}
