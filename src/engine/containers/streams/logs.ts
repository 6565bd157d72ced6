import { EngineError, formatRfc3339Nano } from "#core";
import { detailAttributes } from "#logging";
import type { LogRecord } from "#runtime";
import type { LogOptions, StreamFrame } from "../../contract.ts";
import type { ContainerContext } from "../context.ts";
import { containerFiles } from "../host-files.ts";
import { logConfigOf, logSubject } from "./log-subject.ts";
import { isRunning, type ContainerRecord } from "../record.ts";

/** `docker logs`: the frames of a container's log, each a line with its newline, or a last part without. */
export function containerLogs(
  context: ContainerContext,
  ref: string,
  options: LogOptions,
  signal: AbortSignal,
): { readonly tty: boolean; readonly frames: AsyncIterable<StreamFrame> } {
  const record = context.registry.find(ref);
  if (logConfigOf(record).Type === "none")
    throw new EngineError("not_implemented", "configured logging driver does not support reading");
  return { tty: record.config.Tty === true, frames: logFrames(context, record, options, signal) };
}

async function* logFrames(
  context: ContainerContext,
  record: ContainerRecord,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<StreamFrame, void, undefined> {
  const prefix = options.details ? await detailsOf(context, record) : "";
  const startsLine = { stdout: true, stderr: true };
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
    if (wanted)
      yield { stream: entry.stream, data: startsLine[entry.stream] ? decorate(entry, options, prefix) : entry.data };
    startsLine[entry.stream] = !entry.partial;
  }
}

function decorate(entry: LogRecord, options: LogOptions, details: string): Uint8Array {
  if (!options.timestamps && details === "") return entry.data;
  const time = options.timestamps ? `${formatRfc3339Nano(entry.timeNs)} ` : "";
  return Buffer.concat([Buffer.from(time + details), entry.data]);
}

/** Labels and variables that the log driver was told to add, as `docker logs --details` shows them. */
async function detailsOf({ deps }: ContainerContext, record: ContainerRecord): Promise<string> {
  const attributes = Object.entries(await detailAttributes(logSubject(deps, record)));
  const sorted = attributes.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${sorted.map(([name, value]) => `${encode(name)}=${encode(value)}`).join(",")} `;
}

/** As Go's url.QueryEscape. */
function encode(text: string): string {
  return encodeURIComponent(text)
    .replaceAll("%20", "+")
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
