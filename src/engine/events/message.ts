import type { EventMessage, EventType } from "#spec";

export interface EventInput {
  readonly type: EventType;
  readonly action: string;
  /** Empty where the event is of no one object, as after a prune. */
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** An event with its time in nanoseconds since the epoch, a whole number of microseconds: that is exact in JSON. */
export interface StampedEvent {
  readonly ns: bigint;
  readonly message: EventMessage;
}

export function stampEvent(event: EventInput, ns: bigint): StampedEvent {
  const message: EventMessage = {
    ...legacyFields(event),
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.id, Attributes: sorted(event.attributes) },
    scope: "local",
    time: Number(ns / 1_000_000_000n),
    timeNano: Number(ns),
  };
  return { ns, message };
}

/** What {@link stampEvent} made, read back from JSON; undefined for what is no event. */
export function parseEvent(line: string): StampedEvent | undefined {
  try {
    const message = JSON.parse(line) as EventMessage | null;
    if (typeof message?.timeNano !== "number") return undefined;
    // The number stands for the nearest microsecond: beside it there is none that JSON could have meant.
    return { ns: ((BigInt(message.timeNano) + 500n) / 1000n) * 1000n, message };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** As Go writes maps; clients compare the text. */
function sorted(attributes: EventInput["attributes"]): EventInput["attributes"] {
  const keys = Object.keys(attributes).sort();
  return Object.fromEntries(keys.map((key) => [key, attributes[key] ?? ""]));
}

function legacyFields({ type, action, id, attributes }: EventInput): Pick<EventMessage, "status" | "id" | "from"> {
  if (type !== "image" && type !== "container") return {};
  const from = type === "container" ? attributes["image"] : undefined;
  return { status: action, ...(id !== "" && { id }), ...(from !== undefined && { from }) };
}
