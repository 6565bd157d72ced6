import { CliError, RunError, type Command, type Context } from "./framework/command.ts";
import { FlagError, parseFlags, type ParsedFlags } from "./framework/parse-flags.ts";
import { findCommand, groups, type CommandNode, type Found } from "./tree.ts";

/** Finds the command that the words name and runs it, or prints help. @throws CliError */
export async function dispatch(context: Context, words: readonly string[], help: boolean): Promise<number> {
  if (words[0] === "help") return dispatch(context, words.slice(1), true);
  if (words.length === 0) return rootUsage(context);
  const found = findCommand(words);
  if (!found)
    throw new CliError(`lighter: unknown command: lighter ${words[0]}\n\nRun 'lighter --help' for more information`);
  const path = `lighter ${found.path.join(" ")}`;
  if (found.node.children) return group(context, found.node, { rest: found.rest, help });
  if (!found.node.load) throw new CliError(`${path} is started by the program itself: run it as the first argument`);
  const command = await found.node.load();
  const parsed = parse(path, command, found.rest);
  if (help || parsed.help) return commandUsage(context, path, command, found);
  checkArguments(path, command, parsed.args);
  return run(context, command, parsed, path);
}

async function run(context: Context, command: Command, parsed: ParsedFlags, path: string): Promise<number> {
  const { values, changed, args } = parsed;
  try {
    const code = await command.run(context, { flags: values, changed, args });
    return code ?? 0;
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    throw new CliError(`lighter: ${error.message}\n\nRun '${path} --help' for more information`, error.exitCode, {
      cause: error,
    });
  }
}

function parse(path: string, command: Command, argv: readonly string[]): ParsedFlags {
  try {
    return parseFlags(argv, command.flags, { interspersed: command.interspersed ?? true });
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    throw new CliError(
      `${error.message}\n\nUsage:  ${path} ${command.usage}\n\nRun '${path} --help' for more information`,
      125,
      { cause: error },
    );
  }
}

function checkArguments(path: string, command: Command, args: readonly string[]): void {
  const [least, most] = command.args;
  if (args.length >= least && args.length <= most) return;
  const usage = `Usage:  ${path} ${command.usage}`.trimEnd();
  if (least > 0 && least !== most && most !== Infinity)
    throw new CliError(
      `lighter: '${path}' requires at least ${least} and at most ${most} arguments\n\n${usage}\n\nRun '${path} --help' for more information`,
    );
  if (most === 0)
    throw new CliError(
      `lighter: '${path}' accepts no arguments\n\n${usage}\n\nRun '${path} --help' for more information`,
    );
  const wanted =
    least === most ? `${least} argument${least === 1 ? "" : "s"}` : args.length < least ? atLeast(least) : atMost(most);
  const see = least !== most ? "See" : "Run";
  throw new CliError(
    `lighter: '${path}' requires ${wanted}\n\n${usage}\n\n${see} '${path} --help' for more information`,
  );
}

function atLeast(count: number): string {
  return `at least ${count} argument${count === 1 ? "" : "s"}`;
}

function atMost(count: number): string {
  return `at most ${count} argument${count === 1 ? "" : "s"}`;
}

/** What was asked for goes to stdout, what is shown for want of a command to stderr. */
async function group(
  context: Context,
  node: CommandNode,
  asked: { readonly rest: readonly string[]; readonly help: boolean },
): Promise<number> {
  const { rest } = asked;
  const help = asked.help || rest.includes("--help") || rest.includes("-h");
  const unknown = rest.find((word) => !word.startsWith("-"));
  const path = `lighter ${node.name}`;
  if (unknown !== undefined) {
    throw new CliError(
      `lighter: unknown command: ${path} ${unknown}\n\nUsage:  ${path}\n\nRun '${path} --help' for more information`,
    );
  }
  const { groupHelp } = await import("./framework/help.ts");
  (help ? context.stdout : context.stderr).write(groupHelp(path, node.summary, node.children ?? []));
  return 0;
}

async function commandUsage(context: Context, path: string, command: Command, found: Found): Promise<number> {
  const { commandHelp } = await import("./framework/help.ts");
  const { node, spellings } = found;
  context.stdout.write(commandHelp({ path, summary: node.summary, spellings, command, ...widthOf(context) }));
  return 0;
}

async function rootUsage(context: Context): Promise<number> {
  const { rootHelp } = await import("./framework/help.ts");
  const { commonNames, topNodes } = await import("./tree.ts");
  const { globalFlagSet } = await import("./global-flags.ts");
  const nodes = topNodes();
  const common = commonNames
    .map((name) => nodes.find((node) => node.name === name))
    .filter((node) => node !== undefined);
  const others = nodes.filter(({ name }) => !commonNames.includes(name));
  context.stdout.write(rootHelp({ common, groups, others, flags: globalFlagSet, ...widthOf(context) }));
  return 0;
}

function widthOf({ stdout }: Context): { readonly width?: number } {
  const columns = stdout.isTty ? stdout.size()?.columns : undefined;
  return columns === undefined ? {} : { width: Math.max(columns, 60) };
}
