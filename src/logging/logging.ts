import type { Clock, ContainerId, Logger } from "#core";
import { spoolBounds, type LogConfig } from "./config.ts";
import { Forwarder, isBehind } from "./forwarder.ts";
import { openSink, sends, type LogHost } from "./open-sink.ts";
import { logRemoved } from "#runtime";
import { dropSpool, prune } from "./rotate.ts";
import { LogRotator } from "./rotator.ts";
import { extraAttributes, tagOf, type LogSubject } from "./subject.ts";

export interface LoggingOptions {
  /** Makes a container's monitor open its log's path anew, once; false when there is no monitor any more. */
  readonly reopen: (id: ContainerId) => boolean;
  readonly host: LogHost;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long after a container's end a client may still begin to read what it attached to. */
const attachMs = 1000;
/** How long a removal waits for a driver to take the rest. */
const drainMs = 5000;

/** The logs of all containers that run: kept within bounds, and carried to where their drivers send them. */
export class Logging implements Disposable {
  readonly #options: LoggingOptions;
  readonly #rotator: LogRotator;
  /** Running containers whose driver keeps no log. */
  readonly #unlogged = new Map<ContainerId, LogSubject>();
  readonly #forwarders = new Map<ContainerId, Forwarder>();

  constructor(options: LoggingOptions) {
    this.#options = options;
    this.#rotator = new LogRotator(options);
  }

  [Symbol.dispose](): void {
    this.#rotator[Symbol.dispose]();
    for (const forwarder of this.#forwarders.values()) forwarder.stop();
  }

  /**
   * Before a start: whether the driver can begin. What an earlier run left to send goes first.
   * @throws EngineError with Docker's words around the reason
   */
  async prepare(subject: LogSubject): Promise<void> {
    if (isPlain(subject.config)) return;
    spoolBounds(subject.config);
    if (!sends(subject.config.Type)) return;
    await this.#settle(subject.id);
    extraAttributes(subject);
    await tagOf(subject);
    // A file needs no trial.
    if (subject.config.Type !== "json-file") (await openSink(subject, this.#options.host, undefined))[Symbol.dispose]();
  }

  /** From the start of a container on. */
  begin(subject: LogSubject, ended: Promise<void>): void {
    this.#rotator.track(subject.id, subject.spool, spoolBounds(subject.config));
    this.#take(subject, ended);
  }

  /** At boot, for a container that runs. */
  adopt(subject: LogSubject, ended: Promise<void>): void {
    this.#rotator.adopt(subject.id, subject.spool, spoolBounds(subject.config));
    this.#take(subject, ended);
  }

  /** At boot, for one that does not run: sends what an earlier engine had no time for. */
  drain(subject: LogSubject): void {
    if (sends(subject.config.Type) && isBehind(subject)) this.#forward(subject, Promise.resolve());
  }

  /** The container's process has ended. */
  end(id: ContainerId): void {
    this.#rotator.untrack(id);
    const subject = this.#unlogged.get(id);
    if (subject === undefined) return;
    this.#unlogged.delete(id);
    // A client that attached just now has yet to begin.
    setTimeout(() => this.trim(subject), attachMs).unref();
  }

  /** After a reader that had pinned segments has gone. */
  trim({ id, spool, config }: LogSubject): void {
    prune(spool, spoolBounds(config));
    if (config.Type === "none" && !this.#unlogged.has(id)) dropSpool(spool);
  }

  /** Right before a container's files go: its driver may take the rest, but not for ever. */
  async forget({ id, spool }: LogSubject): Promise<void> {
    this.#rotator.untrack(id);
    if (this.#forwarders.has(id)) await this.#settle(id);
    logRemoved(spool);
  }

  async #settle(id: ContainerId): Promise<void> {
    const forwarder = this.#forwarders.get(id);
    if (forwarder === undefined) return;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, drainMs);
    await Promise.race([forwarder.done, late.promise]);
    clearTimeout(timer);
    forwarder.stop();
    await forwarder.done;
  }

  #take(subject: LogSubject, ended: Promise<void>): void {
    if (subject.config.Type === "none") this.#unlogged.set(subject.id, subject);
    this.#forward(subject, ended);
  }

  #forward(subject: LogSubject, ended: Promise<void>): void {
    if (!sends(subject.config.Type)) return;
    const { host, logger } = this.#options;
    const forwarder = new Forwarder({ subject, ended, logger, open: (state) => openSink(subject, host, state) });
    this.#forwarders.set(subject.id, forwarder);
    const forget = (): void => {
      if (this.#forwarders.get(subject.id) === forwarder) this.#forwarders.delete(subject.id);
    };
    void forwarder.done.then(forget, forget);
  }
}

function isPlain({ Type, Config }: LogConfig): boolean {
  for (const _option in Config) return false;
  return Type === "local";
}
