import { messageOf, type Clock, type ContainerId, type Logger } from "#core";
import { logRotated, watchLog } from "#runtime";
import { statSync } from "node:fs";
import { compressFinished, detachCurrent, isDetached, prune, type LogBounds } from "./rotate.ts";

/** Of a container's first look, and of one whose log moved after a rest. */
const firstLookMs = 100;
/** A flood is looked at this often at most, a trickle at least. */
const [shortestLookMs, longestLookMs] = [20, 10_000];
/** How long a monitor is waited for before it is told again. */
const reopenMs = 1000;
/** Segments that fill faster than this are not compressed: they are gone soon. */
const calmMs = 30_000;

export interface RotatorOptions {
  /** Makes the writer of a container's log open its path anew, once; false when there is none any more. */
  readonly reopen: (id: ContainerId) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A log that is written now. */
interface Tracked {
  readonly id: ContainerId;
  readonly path: string;
  readonly bounds: LogBounds;
  size: number;
  lookedAtMs: number;
  /** Infinite while nothing is written: the watch then tells of the next byte. */
  dueMs: number;
  rotatedAtMs: number;
  watch: Disposable | undefined;
  rotating: boolean;
}

/**
 * Keeps the logs of running containers within their bounds. One timer serves all, set for the moment when the fastest of
 * them might be full; while nothing is written there is none.
 */
export class LogRotator implements Disposable {
  readonly #options: RotatorOptions;
  readonly #tracked = new Map<ContainerId, Tracked>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerDueMs = Infinity;

  constructor(options: RotatorOptions) {
    this.#options = options;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const { watch } of this.#tracked.values()) watch?.[Symbol.dispose]();
    this.#tracked.clear();
  }

  /** From the start of a container on. Touches no file. */
  track(id: ContainerId, path: string, bounds: LogBounds): void {
    if (!Number.isFinite(bounds.maxBytes)) return;
    const nowMs = this.#options.clock.nowMs();
    const dueMs = nowMs + firstLookMs;
    const log = { id, path, bounds, size: 0, lookedAtMs: nowMs, dueMs, rotatedAtMs: nowMs };
    this.#tracked.set(id, { ...log, watch: undefined, rotating: false });
    this.#schedule(dueMs);
  }

  /** A container that an earlier engine started; a rotation that was cut short is brought to its end. */
  adopt(id: ContainerId, path: string, bounds: LogBounds): void {
    this.track(id, path, bounds);
    const log = this.#tracked.get(id);
    if (log && isDetached(path)) void this.#finish(log, "told");
  }

  untrack(id: ContainerId): void {
    const log = this.#tracked.get(id);
    log?.watch?.[Symbol.dispose]();
    this.#tracked.delete(id);
  }

  #schedule(dueMs: number): void {
    if (dueMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    this.#timer = setTimeout(() => this.#lookAtDue(), Math.max(0, dueMs - this.#options.clock.nowMs()));
    this.#timer.unref();
  }

  #lookAtDue(): void {
    this.#timerDueMs = Infinity;
    const nowMs = this.#options.clock.nowMs();
    let next = Infinity;
    for (const log of this.#tracked.values()) {
      if (log.dueMs <= nowMs) this.#guarded(log, () => this.#look(log, nowMs));
      next = Math.min(next, log.dueMs);
    }
    if (next < Infinity) this.#schedule(next);
  }

  #look(log: Tracked, nowMs: number): void {
    if (log.rotating) {
      log.dueMs = nowMs + shortestLookMs;
      return;
    }
    const size = statSync(log.path, { throwIfNoEntry: false })?.size;
    if (size === undefined) {
      log.dueMs = nowMs + longestLookMs;
      return;
    }
    const grown = size - log.size;
    const tookMs = Math.max(1, nowMs - log.lookedAtMs);
    log.size = size;
    log.lookedAtMs = nowMs;
    if (size >= log.bounds.maxBytes) this.#rotate(log, nowMs);
    else if (grown <= 0) this.#rest(log);
    else log.dueMs = nowMs + lookIn((log.bounds.maxBytes - size) / (grown / tookMs));
  }

  /** Until the next byte. */
  #rest(log: Tracked): void {
    log.dueMs = Infinity;
    log.watch ??= watchLog(log.path, () => {
      log.watch?.[Symbol.dispose]();
      log.watch = undefined;
      if (this.#tracked.get(log.id) !== log) return;
      log.lookedAtMs = this.#options.clock.nowMs();
      log.dueMs = log.lookedAtMs + firstLookMs;
      this.#schedule(log.dueMs);
    });
  }

  #rotate(log: Tracked, nowMs: number): void {
    log.dueMs = nowMs + shortestLookMs;
    detachCurrent(log.path);
    void this.#finish(log, "untold");
  }

  /**
   * The writer is told once: told twice, it would put another new file over the first one. Only one that has not
   * answered for a second is told again; what it then finds waiting it does at once.
   */
  async #finish(log: Tracked, state: "told" | "untold"): Promise<void> {
    log.rotating = true;
    try {
      if (state === "untold" && !this.#options.reopen(log.id)) return;
      while (!(await this.#isReopened(log))) {
        if (this.#tracked.get(log.id) !== log || !this.#options.reopen(log.id)) return;
      }
      logRotated(log.path);
      log.size = 0;
      prune(log.path, log.bounds);
      await this.#compress(log);
    } catch (error) {
      this.#complain(log, error);
    } finally {
      log.rotating = false;
    }
  }

  async #isReopened(log: Tracked): Promise<boolean> {
    const deadline = performance.now() + reopenMs;
    for (let waitMs = 1; performance.now() < deadline; waitMs = Math.min(waitMs * 2, 64)) {
      if (!isDetached(log.path)) return true;
      if (this.#tracked.get(log.id) !== log) return false;
      await Bun.sleep(waitMs);
    }
    return false;
  }

  async #compress(log: Tracked): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    const isCalm = nowMs - log.rotatedAtMs > calmMs;
    log.rotatedAtMs = nowMs;
    if (log.bounds.compress && isCalm) await compressFinished(log.path);
  }

  #guarded(log: Tracked, look: () => void): void {
    try {
      look();
    } catch (error) {
      log.dueMs = this.#options.clock.nowMs() + longestLookMs;
      this.#complain(log, error);
    }
  }

  /** Its files may be gone with their container; anything else leaves the log to grow until the next look. */
  #complain(log: Tracked, error: unknown): void {
    if (this.#tracked.get(log.id) !== log) return;
    this.#options.logger.log("warn", "log not rotated", { container: log.id, error: messageOf(error) });
  }
}

/** A little before it would be full at the rate it grew. */
function lookIn(fullInMs: number): number {
  return Math.min(longestLookMs, Math.max(shortestLookMs, fullInMs * 0.8));
}
