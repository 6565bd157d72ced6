import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { messageOf, type Logger } from "#core";
import { listSegments, readBlocks, type LogBlock, type LogPosition } from "#runtime";
import { MessageAssembler, type LogMessage } from "./message.ts";
import type { LogSink } from "./sink.ts";
import type { LogSubject } from "./subject.ts";

/** How far a driver has come; everything before `position` is handed over, but for what `pending` holds. */
interface Checkpoint {
  readonly position: LogPosition;
  readonly pending: ReturnType<MessageAssembler["pending"]>;
  readonly sink: unknown;
}

const firstRetryMs = 100;
const longestRetryMs = 10_000;

export interface ForwarderOptions {
  readonly subject: LogSubject;
  /** @param state what the sink kept last */
  readonly open: (state: unknown) => Promise<LogSink>;
  /** Settles when the container's process has ended. */
  readonly ended: Promise<void>;
  readonly logger: Logger;
}

/**
 * Carries a container's log from the spool to its driver's sink. It never blocks the container: while the sink fails it
 * lags, and what the spool has rotated away by then is lost, with one warning.
 */
export class Forwarder {
  /** Settles once all is handed over after the container's end, or after `stop`. */
  readonly done: Promise<void>;
  readonly #options: ForwarderOptions;
  readonly #stopped = new AbortController();
  #warned = false;
  #retryMs = firstRetryMs;
  #sink: LogSink | undefined;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.done = this.#run();
  }

  /** The next engine goes on from here. */
  stop(): void {
    this.#stopped.abort();
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      try {
        await this.#forward();
        return;
      } catch (error) {
        this.#complain(messageOf(error));
      } finally {
        this.#sink?.[Symbol.dispose]();
        this.#sink = undefined;
      }
      await abortableSleep(this.#retryMs, this.#stopped.signal);
      this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs);
    }
  }

  async #forward(): Promise<void> {
    const { subject, ended } = this.#options;
    const saved = readCheckpoint(subject.checkpoint);
    const sink = (this.#sink = await this.#options.open(saved?.sink));
    const assembler = new MessageAssembler(saved?.pending);
    let position = saved?.position ?? { segment: 1, offset: 0 };
    const send = async (messages: readonly LogMessage[], after: LogPosition, before: Checkpoint): Promise<void> => {
      const save = (state: unknown): void => writeCheckpoint(subject.checkpoint, { ...before, sink: state });
      if (messages.length > 0) await sink.write(messages, save);
      position = after;
      this.#retryMs = firstRetryMs;
      writeCheckpoint(subject.checkpoint, { position, pending: assembler.pending(), sink: sink.state() });
    };
    this.#checkGap(subject.spool, position);
    for await (const block of readBlocks(subject.spool, { from: position, ended, signal: this.#stopped.signal })) {
      const before = { position, pending: assembler.pending(), sink: undefined };
      await send(assembler.add(block.data), endOf(block), before);
      // A long backlog is read without waiting for anything: others get their turn here.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#stopped.signal.aborted) return;
    // Nothing came since the checkpoint, or ever: it is true as it is.
    if (Object.keys(assembler.pending()).length === 0) return;
    const before = { position, pending: assembler.pending(), sink: undefined };
    await send(assembler.flush(), position, before);
  }

  #checkGap(spool: string, position: LogPosition): void {
    if (position.segment === 1) return;
    const oldest = listSegments(spool).at(0);
    if (oldest === undefined || oldest.number <= position.segment) return;
    this.#complain("lines were rotated away before they could be sent");
  }

  #complain(error: string): void {
    if (this.#warned) return;
    this.#warned = true;
    const { id, config } = this.#options.subject;
    this.#options.logger.log("warn", "log driver fails", { container: id, driver: config.Type, error });
  }
}

function endOf({ at, data }: LogBlock): LogPosition {
  return { segment: at.segment, offset: at.offset + data.length };
}

/** True when a container's log was not handed over to its end. */
export function isBehind(subject: LogSubject): boolean {
  const saved = readCheckpoint(subject.checkpoint);
  if (saved === undefined) return listSegments(subject.spool).some(({ path }) => Bun.file(path).size > 0);
  const last = listSegments(subject.spool).at(-1);
  if (last === undefined) return false;
  return last.number > saved.position.segment || Object.keys(saved.pending).length > 0 || isLonger(last.path, saved);
}

function isLonger(path: string, { position }: Checkpoint): boolean {
  return Bun.file(path).size > position.offset;
}

function readCheckpoint(path: string): Checkpoint | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Checkpoint;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Renamed into place, so that it is whole after the engine's sudden death. */
function writeCheckpoint(path: string, checkpoint: Checkpoint): void {
  writeFileSync(`${path}.new`, JSON.stringify(checkpoint), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function abortableSleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener("abort", finish);
  });
}
