import { AsyncQueue, EngineError, maxTimerMs, type Clock } from "#core";
import type { EventMessage, EventType } from "#spec";
import type { EventOptions, Filters } from "./contract.ts";
import { matchesLabel } from "./labels.ts";

/** Events that may wait for one listener; who is further behind is let go, since a gap would go unseen. */
const maxWaiting = 16 * 1024;

/** Newest events that `--since` can replay. */
const historySize = 1024;

export interface EventInput {
  readonly type: EventType;
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Ordered, bounded, replayable since a time. A listener that does not read only grows its own queue, and loses it when that is full. */
export interface EventBus {
  emit(event: EventInput): void;
  subscribe(options: EventOptions, signal: AbortSignal): AsyncIterable<EventMessage>;
  readonly listenerCount: number;
}

interface Stamped {
  readonly ns: bigint;
  readonly message: EventMessage;
}

export function createEventBus(clock: Clock): EventBus {
  const history: Stamped[] = [];
  const listeners = new Set<(event: Stamped) => void>();
  return {
    get listenerCount() {
      return listeners.size;
    },
    emit(event) {
      const stamped = stamp(event, clock.nowNs());
      history.push(stamped);
      if (history.length > historySize) history.shift();
      for (const listener of listeners) listener(stamped);
    },
    subscribe(options, signal) {
      const queue = new AsyncQueue<EventMessage>();
      const offer = ({ ns, message }: Stamped): void => {
        if (options.until !== undefined && ns > options.until) return;
        if (!matchesEvent(message, options.filters)) return;
        if (queue.length < maxWaiting) queue.push(message);
        else queue.fail(new EngineError("exhausted", `${maxWaiting} events wait for a client that does not read`));
      };
      const { since } = options;
      if (since !== undefined) for (const event of history) if (event.ns >= since) offer(event);
      const remainingNs = options.until === undefined ? undefined : options.until - clock.nowNs();
      listen(queue, listeners, offer, { signal, remainingNs });
      return queue;
    },
  };
}

function listen(
  queue: AsyncQueue<EventMessage>,
  listeners: Set<(event: Stamped) => void>,
  offer: (event: Stamped) => void,
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

function stamp(event: EventInput, ns: bigint): Stamped {
  const message: EventMessage = {
    ...legacyFields(event),
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.id, Attributes: event.attributes },
    scope: "local",
    time: Number(ns / 1_000_000_000n),
    timeNano: Number(ns),
  };
  return { ns, message };
}

function legacyFields({ type, action, id, attributes }: EventInput): Pick<EventMessage, "status" | "id" | "from"> {
  if (type === "image") return { status: action, id };
  if (type !== "container") return {};
  return { status: action, id, from: attributes["image"] ?? "" };
}

function matchesEvent(event: EventMessage, filters: Filters): boolean {
  for (const [key, values] of filters) {
    const test = eventTests[key];
    if (test && !test(event, values)) return false;
  }
  return true;
}

type EventTest = (event: EventMessage, values: readonly string[]) => boolean;

const ofActor =
  (type: EventType): EventTest =>
  ({ Type, Actor }, values) =>
    Type === type &&
    values.some((value) => Actor.ID === value || Actor.ID.startsWith(value) || Actor.Attributes["name"] === value);

const eventTests: Readonly<Record<string, EventTest>> = {
  type: (event, values) => values.includes(event.Type),
  event: (event, values) => values.some((value) => event.Action === value || event.Action.startsWith(`${value}:`)),
  scope: (event, values) => values.includes(event.scope),
  container: ofActor("container"),
  volume: ofActor("volume"),
  network: ofActor("network"),
  daemon: ofActor("daemon"),
  image: (event, values) => {
    const { Attributes } = event.Actor;
    const name = event.Type === "image" ? (Attributes["name"] ?? event.Actor.ID) : Attributes["image"];
    return values.some((value) => name === value || event.Actor.ID === value || withoutTag(name ?? "") === value);
  },
  label: ({ Actor: { Attributes } }, values) => values.every((value) => matchesLabel(Attributes, value)),
};

function withoutTag(name: string): string {
  const colon = name.lastIndexOf(":");
  return colon > name.lastIndexOf("/") ? name.slice(0, colon) : name;
}
