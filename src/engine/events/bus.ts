import { AsyncQueue, EngineError, maxTimerMs, type Clock } from "#core";
import type { EventMessage } from "#spec";
import type { EventOptions } from "../contract.ts";
import { matchesEvent } from "./filters.ts";
import type { EventLog } from "./log.ts";
import { stampEvent, type EventInput, type StampedEvent } from "./message.ts";

export type { EventInput } from "./message.ts";

/** Events that may wait for one listener; who is further behind is let go, since a gap would go unseen. */
const maxWaiting = 16 * 1024;

/** A clock that was set back further than this is right, and the last event's time was not. */
const maxBackNs = 10_000_000_000n;

/** Ordered, kept in a bounded log, replayable since a time. A listener that does not read only grows its own queue, and loses it when that is full. */
export interface EventBus {
  emit(event: EventInput): void;
  /** What was since a time and, unless `until` is over, what comes; each event once, in order. */
  subscribe(options: EventOptions, signal: AbortSignal): AsyncIterable<EventMessage>;
  readonly listenerCount: number;
}

export function createEventBus(clock: Clock, log: EventLog): EventBus {
  const listeners = new Set<(event: StampedEvent) => void>();
  return {
    get listenerCount() {
      return listeners.size;
    },
    emit(event) {
      const stamped = stampEvent(event, nextTime(clock.nowNs(), log.lastNs));
      log.append(stamped);
      for (const listener of listeners) listener(stamped);
    },
    subscribe(options, signal) {
      const queue = new AsyncQueue<EventMessage>();
      const offer = ({ ns, message }: StampedEvent): void => {
        if (options.until !== undefined && ns > options.until) return;
        if (!matchesEvent(message, options.filters)) return;
        if (queue.length < maxWaiting) queue.push(message);
        else queue.fail(new EngineError("exhausted", `${maxWaiting} events wait for a client that does not read`));
      };
      const remainingNs = options.until === undefined ? undefined : options.until - clock.nowNs();
      listen(queue, listeners, offer, { signal, remainingNs });
      return options.since === undefined ? queue : replay(log.read(options.since), options, queue);
    },
  };
}

/** Whole microseconds, each time later than the one before: then the time of an event tells where to go on. */
function nextTime(nowNs: bigint, lastNs: bigint): bigint {
  const now = nowNs - (nowNs % 1000n);
  return now > lastNs || lastNs - now > maxBackNs ? now : lastNs + 1000n;
}

/** Stored events end where the live ones begin: both were taken in one step. */
async function* replay(
  stored: AsyncIterable<StampedEvent>,
  { until, filters }: EventOptions,
  live: AsyncIterable<EventMessage>,
): AsyncGenerator<EventMessage, void, undefined> {
  for await (const { ns, message } of stored) {
    if (until !== undefined && ns > until) break;
    if (matchesEvent(message, filters)) yield message;
  }
  yield* live;
}

function listen(
  queue: AsyncQueue<EventMessage>,
  listeners: Set<(event: StampedEvent) => void>,
  offer: (event: StampedEvent) => void,
  { signal, remainingNs }: { readonly signal: AbortSignal; readonly remainingNs: bigint | undefined },
): void {
  if (signal.aborted || (remainingNs !== undefined && remainingNs <= 0n)) return queue.end();
  listeners.add(offer);
  const remainingMs = remainingNs === undefined ? Infinity : Number(remainingNs / 1_000_000n);
  // What is later than a connection lasts needs no timer.
  const timer = remainingMs <= maxTimerMs ? setTimeout(() => stop(), remainingMs) : undefined;
  const stop = (): void => {
    clearTimeout(timer);
    listeners.delete(offer);
    signal.removeEventListener("abort", stop);
    queue.end();
  };
  signal.addEventListener("abort", stop, { once: true });
}
