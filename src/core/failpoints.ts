import { EngineError } from "./errors.ts";
import { failpointNames, type FailpointName } from "./failpoint-names.ts";

/** What a point does to the process it is in. */
export interface FailpointEffects {
  /** Ends the process at once, as `kill -9` does. */
  kill(): void;
  /** The whole process stands still for so long. */
  sleep(ms: number): void;
}

type Action = (name: FailpointName) => void;

interface Rule {
  readonly action: Action;
  /** The only pass at which it acts, from 1; undefined: at each. */
  readonly pass: number | undefined;
}

let armed: ((name: FailpointName) => void) | undefined;

/**
 * Marks a place between two effects. Does nothing unless {@link armFailpoints} named it: the cost is one comparison.
 * @throws EngineError `internal` where it was told to fail
 */
export function failpoint(name: FailpointName): void {
  if (armed !== undefined) armed(name);
}

/**
 * Arms the points of `text`: `name=[N*]action` separated by semicolons, where the action is `kill`, `error` or
 * `delay(milliseconds)` and N the one pass that is meant (after FreeBSD's fail(9)). Empty or undefined: none.
 * @throws EngineError `invalid` for what is no such list, or an unknown name
 */
export function armFailpoints(text: string | undefined, effects: FailpointEffects): void {
  const rules = parseRules(text ?? "", effects);
  if (rules.size === 0) {
    armed = undefined;
    return;
  }
  const passes = new Map<FailpointName, number>();
  armed = (name) => {
    const pass = (passes.get(name) ?? 0) + 1;
    passes.set(name, pass);
    const rule = rules.get(name);
    if (rule !== undefined && (rule.pass ?? pass) === pass) rule.action(name);
  };
}

function parseRules(text: string, effects: FailpointEffects): ReadonlyMap<FailpointName, Rule> {
  const entries = text.split(";").filter((entry) => entry.trim() !== "");
  return new Map(entries.map((entry) => parseRule(entry.trim(), effects)));
}

function parseRule(entry: string, effects: FailpointEffects): [FailpointName, Rule] {
  const [, name = "", pass, verb = "", argument] =
    /^([^=]*)=(?:([1-9]\d*)\*)?([a-z]+)(?:\((\d+)\))?$/.exec(entry) ?? [];
  const known = failpointNames.find((candidate) => candidate === name);
  if (known === undefined) throw new EngineError("invalid", `unknown failpoint in ${JSON.stringify(entry)}`);
  const action = actionOf(verb, argument, effects);
  if (action === undefined)
    throw new EngineError("invalid", `unknown action of a failpoint in ${JSON.stringify(entry)}`);
  return [known, { action, pass: pass === undefined ? undefined : Number(pass) }];
}

function actionOf(verb: string, argument: string | undefined, effects: FailpointEffects): Action | undefined {
  if (verb === "delay" && argument !== undefined) return () => effects.sleep(Number(argument));
  if (argument !== undefined) return undefined;
  if (verb === "kill") return () => effects.kill();
  return verb === "error" ? failAt : undefined;
}

function failAt(name: FailpointName): never {
  throw new EngineError("internal", `failpoint ${name}`);
}
