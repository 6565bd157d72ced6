/**
 * What a container may do, as a small machine, and whether a history of concurrent requests can be explained by it: for
 * each request there must be moments between its question and its answer at which its steps make sense, in one order for
 * all (linearizability, after Wing and Gong). Every set of explanations that is still possible is carried along.
 */
export type Life = "created" | "running" | "paused" | "exited" | "absent";

export type Verb = "start" | "stop" | "kill" | "rm" | "rm -f" | "pause" | "unpause" | "rename" | "exec" | "inspect";

/** A request about one container. */
export interface Request {
  readonly verb: Verb;
  /** New name of a rename. */
  readonly name?: string;
  /** Set with the answer; stays undefined when the daemon died first. */
  status?: number;
  /** What an inspect saw: state and name. */
  seen?: string;
}

/** What happened to one container, in the order in which the client saw it. */
export type Happening =
  | { readonly kind: "asked" | "answered"; readonly request: Request }
  /** The daemon was killed: of what it has not begun it does nothing any more. */
  | { readonly kind: "died" };

/**
 * `seen`: it was there; `sent`: a signal is on its way, and its end is waited for; `killing`: the same before a removal;
 * `orphan`: a signal of a daemon that is dead; `done`: may be answered.
 */
type Progress = "asked" | "seen" | "sent" | "killing" | "orphan" | "done";

/** One explanation: how the container is, and how far each open request has come. */
interface World {
  readonly life: Life;
  readonly name: string;
  /** By the number of the request. */
  readonly open: ReadonlyMap<number, Progress>;
}

/** Undefined when the history can be explained; otherwise the happening at which no explanation is left. */
export function unexplained(name: string, history: readonly Happening[]): string | undefined {
  const requests: Request[] = [];
  let worlds = new Map<string, World>();
  add(worlds, { life: "created", name, open: new Map() });
  for (const [at, happening] of history.entries()) {
    worlds = after(worlds, happening, requests);
    if (worlds.size === 0) return tell(name, history, at);
  }
  return undefined;
}

function after(worlds: ReadonlyMap<string, World>, happening: Happening, requests: Request[]): Map<string, World> {
  const next = new Map<string, World>();
  if (happening.kind === "asked") requests.push(happening.request);
  for (const world of worlds.values()) {
    const moved = moveOn(world, happening, requests);
    if (moved !== undefined) add(next, moved);
  }
  // A map may grow while it is walked: what is added is walked, too.
  for (const world of next.values())
    for (const [number, request] of requests.entries()) {
      const progress = world.open.get(number);
      if (progress === undefined) continue;
      for (const step of stepsOf(world, request, progress)) add(next, stepped(world, number, step));
    }
  return next;
}

function moveOn(world: World, happening: Happening, requests: readonly Request[]): World | undefined {
  const open = new Map(world.open);
  if (happening.kind === "died") {
    for (const [number, progress] of open) {
      if (progress === "sent" || progress === "killing" || progress === "orphan") open.set(number, "orphan");
      else open.delete(number);
    }
    return { ...world, open };
  }
  const number = requests.indexOf(happening.request);
  if (happening.kind === "asked") return { ...world, open: open.set(number, "asked") };
  if (open.get(number) !== "done") return undefined;
  open.delete(number);
  return { ...world, open };
}

interface Step {
  readonly to: Progress;
  readonly life?: Life;
  readonly name?: string;
  /** The process ends: whoever waits for that has what it wanted. */
  readonly ends?: boolean;
}

function stepped(world: World, number: number, step: Step): World {
  const open = new Map(world.open);
  open.set(number, step.to);
  if (step.ends === true) for (const [other, progress] of open) if (progress === "sent") open.set(other, "done");
  return { life: step.life ?? world.life, name: step.name ?? world.name, open };
}

const lives = (life: Life): boolean => life === "running" || life === "paused";

/** Steps that a request can take now; those that lead to another answer than it got are left out. */
function stepsOf(world: World, request: Request, progress: Progress): readonly Step[] {
  const { life } = world;
  const { verb } = request;
  // A signal that was sent may act late, and on the next process, too.
  if (progress === "sent" || progress === "orphan")
    return when(lives(life), { to: "done", life: "exited", ends: true });
  if (progress === "done") return lateSteps(verb, life);
  if (verb === "rm" || verb === "rm -f") return removalSteps(world, request, progress);
  return firstSteps(world, request);
}

function lateSteps(verb: Verb, life: Life): readonly Step[] {
  return (verb === "stop" || verb === "kill") && lives(life) ? [{ to: "done", life: "exited", ends: true }] : [];
}

function firstSteps(world: World, request: Request): readonly Step[] {
  const { life, name } = world;
  const { status = 0 } = request;
  if (status === 404) return when(life === "absent", { to: "done" });
  const isUnknown = status === 0;
  const succeeds = isUnknown || status < 300;
  switch (request.verb) {
    case "start":
      if (succeeds) return when(life === "created" || life === "exited", { to: "done", life: "running" });
      return when(status === 304 ? life === "running" : status === 409 && life === "paused", { to: "done" });
    case "stop":
      if (succeeds) return when(lives(life), { to: "sent", life: "running" });
      return when(status === 304 && (life === "created" || life === "exited"), { to: "done" });
    case "kill":
      if (succeeds) return when(lives(life), { to: "sent" });
      return when(status === 409 && (life === "created" || life === "exited"), { to: "done" });
    case "pause":
      if (succeeds) return when(life === "running", { to: "done", life: "paused" });
      return when(status === 409 && (life !== "running" || isEnding(world)) && life !== "absent", { to: "done" });
    case "unpause":
      if (succeeds) return when(life === "paused", { to: "done", life: "running" });
      return when(status === 409 && (life !== "paused" || isEnding(world)) && life !== "absent", { to: "done" });
    case "rename":
      if (succeeds) return when(life !== "absent", { to: "done", name: request.name ?? "" });
      // Whether another container has the name is not this one's matter.
      return when(life !== "absent" && (status === 409 || (status === 400 && name === request.name)), { to: "done" });
    case "exec":
      if (succeeds) return when(life === "running", { to: "done" });
      return when(status === 409 && life !== "running" && life !== "absent", { to: "done" });
    case "inspect":
      return when(isUnknown || request.seen === `${life} ${name}`, { to: "done" });
    case "rm":
    case "rm -f":
      return [];
  }
}

/** It was there; then it is not. Forced, it ends what runs. */
function removalSteps({ life }: World, request: Request, progress: Progress): readonly Step[] {
  const { verb, status = 0 } = request;
  if (progress === "asked") {
    if (status === 404) return when(life === "absent", { to: "done" });
    return when(life !== "absent", { to: "seen" });
  }
  const steps: Step[] = [];
  if (status === 409) steps.push(...when(lives(life), { to: "done" }));
  else if (life === "absent") steps.push({ to: "done" });
  else if (!lives(life)) steps.push({ to: "done", life: "absent" });
  if (verb === "rm -f" && lives(life)) steps.push({ to: "killing" }, { to: "killing", life: "exited", ends: true });
  return steps;
}

/** Its process may have met its signal, of which nobody has heard yet. */
function isEnding({ open }: World): boolean {
  return [...open.values()].some((progress) => progress === "sent" || progress === "killing" || progress === "orphan");
}

function when(holds: boolean, step: Step): readonly Step[] {
  return holds ? [step] : [];
}

function add(worlds: Map<string, World>, world: World): void {
  const open = [...world.open].toSorted(([a], [b]) => a - b).map(([number, progress]) => `${number}${progress}`);
  const key = `${world.life} ${world.name} ${open.join(" ")}`;
  if (!worlds.has(key)) worlds.set(key, world);
}

function tell(name: string, history: readonly Happening[], at: number): string {
  const lines = history.slice(0, at + 1).map((happening) => {
    if (happening.kind === "died") return "the daemon died";
    const { verb, name: to, status, seen } = happening.request;
    const answer = happening.kind === "answered" ? `: ${status} ${seen ?? ""}` : "";
    return `${happening.kind} ${verb} ${to ?? ""}${answer}`;
  });
  return [`created as ${name}`, ...lines].join("\n");
}
