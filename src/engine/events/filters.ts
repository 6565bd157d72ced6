import type { EventMessage } from "#spec";
import type { Filters } from "../contract.ts";
import { matchesLabel } from "../labels.ts";

/** Whether an event holds under every key; values of one key are alternatives, labels must all hold. */
export function matchesEvent(event: EventMessage, filters: Filters): boolean {
  for (const [key, values] of filters) {
    const test = tests[key] ?? ofActor;
    if (!test(event, values)) return false;
  }
  return true;
}

type Test = (event: EventMessage, values: readonly string[]) => boolean;

/** Docker's rule for the kinds of objects: the beginning of the actor's id or name, whatever kind the actor is. */
const ofActor: Test = ({ Actor }, values) =>
  values.some((value) => Actor.ID.startsWith(value) || Actor.Attributes["name"]?.startsWith(value) === true);

/** Actions that go on behind a colon; asking for one asks for all that begin so. */
const openActions = new Set(["health_status", "exec_create", "exec_start"]);

const tests: Readonly<Record<string, Test>> = {
  type: (event, values) => values.includes(event.Type),
  event: ({ Action }, values) =>
    values.includes(Action) ||
    (values.some((value) => openActions.has(value)) && values.some((value) => Action.startsWith(value))),
  scope: (event, values) => values.includes(event.scope),
  image: ({ Type, Actor: { ID, Attributes } }, values) => {
    const name = Attributes[Type === "image" ? "name" : "image"] ?? "";
    return [ID, name, withoutTag(ID), withoutTag(name)].some((candidate) => values.includes(candidate));
  },
  label: ({ Actor: { Attributes } }, values) => values.every((value) => matchesLabel(Attributes, value)),
};

/** The name before a tag; a digest and a port of the registry stay. */
function withoutTag(name: string): string {
  if (name.includes("@") || name.startsWith("sha256:")) return name;
  const colon = name.lastIndexOf(":");
  return colon > name.lastIndexOf("/") ? name.slice(0, colon) : name;
}
