/**
 * cli: the commands of `lighter`, in Docker's syntax, over the Engine API.
 *
 * `tree.ts` names every command and where its file is; a file is loaded when its command runs. A command is data (usage,
 * arguments, flags) and a function of a {@link Context}. It throws {@link CliError} to choose the exit code; an ApiError is
 * shown as `Error response from daemon: …` with 1. Exit codes: 125 for flags that cannot be meant, 125 to 127 from run,
 * the container's own from run, exec, attach and start -a.
 *
 *   process.exit(await runCli({ argv: ["ps", "-a"], env, cwd }));
 */
import { errorCode } from "#term";
import { CliError, errorText } from "./framework/command.ts";
import { FlagError, parseFlags } from "./framework/parse-flags.ts";
import { globalFlagSet, logLevels, type globalFlags } from "./global-flags.ts";
import type { FlagValues } from "./framework/flags.ts";
import { createContext, outputsOf, type CliOptions } from "./context.ts";
import { dispatch } from "./dispatch.ts";
import { versionFacts } from "./version-facts.ts";

export type { CliOptions } from "./context.ts";

/** Runs one command line (without the program's name); resolves to the exit code. Nothing is thrown for what users get wrong. */
export async function runCli(options: CliOptions): Promise<number> {
  const { stderr } = outputsOf(options);
  try {
    return await runParsed(options);
  } catch (error) {
    if (errorCode(error) === "EPIPE") return 141;
    const code = error instanceof CliError ? error.exitCode : 1;
    if (error instanceof CliError && error.message === "") return code;
    if (!(error instanceof Error)) throw error;
    stderr.write(`${errorText(error)}\n`);
    return code;
  }
}

async function runParsed(options: CliOptions): Promise<number> {
  const { stdout } = outputsOf(options);
  let parsed: ReturnType<typeof parseFlags>;
  try {
    parsed = parseFlags(options.argv, globalFlagSet, { interspersed: false });
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    throw new CliError(
      `${error.message}\n\nUsage:  lighter [OPTIONS] COMMAND [ARG...]\n\nRun 'lighter --help' for more information`,
      125,
      { cause: error },
    );
  }
  const flags = parsed.values as FlagValues<typeof globalFlags>;
  if (flags.version) {
    stdout.write(`lighter version ${versionFacts.version}, build ${versionFacts.commit}\n`);
    return 0;
  }
  if (parsed.args[0] === "__complete") return completeWords(options, parsed.args.slice(1));
  if (!logLevels.has(flags["log-level"].toLowerCase()))
    throw new CliError(`Unable to parse logging level: ${flags["log-level"]}`);
  const context = await createContext(options, flags, parsed.changed);
  using _client = context;
  return await dispatch(context, parsed.args, parsed.help);
}

/** What a shell asks at a key. The flags in front of the command choose the daemon, as they would when it runs. */
async function completeWords(options: CliOptions, words: readonly string[]): Promise<number> {
  const { complete } = await import("./system/complete.ts");
  let flags = parseFlags([], globalFlagSet);
  try {
    flags = parseFlags(words.slice(0, -1), globalFlagSet, { interspersed: false });
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
  }
  const context = await createContext(options, flags.values as FlagValues<typeof globalFlags>, flags.changed);
  using _client = context;
  return await complete(context, words);
}
