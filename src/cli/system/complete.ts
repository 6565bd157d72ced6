import type { Context } from "../framework/command.ts";
import type { FlagSet, FlagSpec } from "../framework/flags.ts";
import { globalFlagSet } from "../global-flags.ts";
import { findCommand, groups, topNodes, type CommandNode } from "../tree.ts";
import { argumentCandidates, flagCandidates, type Candidates } from "./complete-values.ts";

/**
 * Prints what may stand in the place of the last word: a candidate on each line, with a tab and what it is where there is
 * something to say; last `:0` when file names may stand there, too, else `:4`. Nobody to ask means no candidates.
 */
export async function complete(context: Context, words: readonly string[]): Promise<number> {
  const { candidates, files = false } = await candidatesOf(context, words.slice(0, -1), words.at(-1) ?? "");
  const current = words.at(-1) ?? "";
  for (const candidate of candidates) if (candidate.startsWith(current)) context.stdout.write(`${candidate}\n`);
  context.stdout.write(files ? ":0\n" : ":4\n");
  return 0;
}

async function candidatesOf(context: Context, before: readonly string[], current: string): Promise<Candidates> {
  const { rest, pending } = skipFlags(globalFlagSet, before);
  if (pending !== undefined) return valuesOf(context, [], pending, current);
  if (rest.length === 0)
    return current.startsWith("-") ? flagNames(globalFlagSet) : commandNames([...groups, ...topNodes()]);
  const found = findCommand(rest);
  if (!found) return { candidates: [] };
  const { node } = found;
  if (node.children) return found.rest.length === 0 ? commandNames(node.children) : { candidates: [] };
  const command = await node.load?.();
  if (!command) return { candidates: [], files: true };
  const path = pathOf(node, found.path);
  const isOver = command.interspersed === false && skipFlags(command.flags, found.rest, true).rest.length > 0;
  const parsed = skipFlags(command.flags, found.rest, command.interspersed === false);
  if (!isOver && parsed.pending !== undefined) return valuesOf(context, path, parsed.pending, current);
  const equals = /^--([^=]+)=(.*)$/s.exec(current);
  if (!isOver && equals && Object.hasOwn(command.flags, equals[1] ?? "")) {
    const values = await valuesOf(context, path, equals[1] ?? "", equals[2] ?? "");
    return { ...values, candidates: values.candidates.map((value) => `--${equals[1]}=${value}`) };
  }
  if (!isOver && current.startsWith("-")) return flagNames(command.flags);
  return asked(() => argumentCandidates(context, path, parsed.rest, new Set(found.rest)));
}

/** As in its group: `container ls` for `ps`. */
function pathOf(node: CommandNode, path: readonly string[]): readonly string[] {
  const group = groups.find(({ children }) => children?.some(({ load }) => load === node.load));
  return group ? [group.name, node.name] : path;
}

function commandNames(nodes: readonly CommandNode[]): Candidates {
  return { candidates: nodes.map(({ name, summary }) => `${name}\t${summary}`) };
}

function flagNames(flags: FlagSet): Candidates {
  const shown = Object.entries(flags).filter(([, { hidden }]) => hidden !== true);
  return {
    candidates: [
      ...shown.map(([name, { help }]) => `--${name}\t${help}`),
      "--help\tShow this command's help",
    ].toSorted(),
  };
}

function valuesOf(context: Context, path: readonly string[], flag: string, current: string): Promise<Candidates> {
  return asked(() => flagCandidates(context, path, flag, current));
}

/** Whoever types does not want to read why nobody answers. */
async function asked(ask: () => Promise<Candidates>): Promise<Candidates> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Error) return { candidates: [] };
    throw error;
  }
}

interface Skipped {
  /** Words that are no flags. */
  readonly rest: readonly string[];
  /** The flag whose value comes next. */
  readonly pending: string | undefined;
}

/** @param untilArgument flags end at the first argument; the global ones always do */
function skipFlags(flags: FlagSet, words: readonly string[], untilArgument = flags === globalFlagSet): Skipped {
  const rest: string[] = [];
  let pending: string | undefined;
  for (const [index, word] of words.entries()) {
    if (pending !== undefined) {
      pending = undefined;
      continue;
    }
    if (word === "--") return { rest: [...rest, ...words.slice(index + 1)], pending };
    if (!word.startsWith("-") || word === "-") {
      if (untilArgument) return { rest: words.slice(index), pending };
      rest.push(word);
      continue;
    }
    const flag = flagOf(flags, word);
    if (flag && !flag[1].isSwitch) pending = flag[0];
  }
  return { rest, pending };
}

/** The flag that waits for a value behind this word; the last letter of `-it` counts. */
function flagOf(flags: FlagSet, word: string): readonly [string, FlagSpec<unknown>] | undefined {
  if (word.includes("=")) return undefined;
  const entries = Object.entries(flags);
  if (word.startsWith("--")) return entries.find(([name]) => name === word.slice(2));
  const letters = word.slice(1).split("");
  const first = letters.findIndex((letter) => entries.some(([, { short, isSwitch }]) => short === letter && !isSwitch));
  return first === letters.length - 1 ? entries.find(([, { short }]) => short === letters[first]) : undefined;
}
