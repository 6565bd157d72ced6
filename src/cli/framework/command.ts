import type { ApiClient } from "#client";
import type { Output } from "#term";
import type { ConfigFile } from "../config-file.ts";
import type { FlagSet, FlagValues } from "./flags.ts";

export interface Input<F> {
  readonly flags: FlagValues<F>;
  /** Names of flags that were given. */
  readonly changed: ReadonlySet<string>;
  readonly args: readonly string[];
}

/** What a command may use. Client and configuration are made on first use. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Bytes of standard input. */
  readonly stdin: () => AsyncIterable<Uint8Array>;
  readonly stdinIsTty: () => boolean;
  readonly client: ApiClient;
  readonly config: ConfigFile;
  /** Directory of config.json and the contexts. */
  readonly configDirectory: string;
  /** Name of the context in use; `default` for none. */
  readonly contextName: string;
  /** The endpoint's text, as flags, environment and contexts say. */
  readonly host: string;
  readonly debug: boolean;
}

export interface CommandSpec<F extends FlagSet> {
  /** What follows the command's name: `[OPTIONS] CONTAINER [CONTAINER...]`. */
  readonly usage: string;
  /** Least and greatest number of arguments. */
  readonly args: readonly [number, number];
  readonly flags: F;
  /** False: flags end at the first argument. */
  readonly interspersed?: boolean;
  /** The process's exit code; nothing means 0. */
  run(context: Context, input: Input<F>): Promise<number | void>;
}

export type Command = CommandSpec<FlagSet>;

/** Declares a command. */
export function command<const F extends Readonly<Record<string, unknown>>>(
  spec: Omit<CommandSpec<FlagSet>, "flags" | "run"> & {
    readonly flags: F;
    run(context: Context, input: Input<F>): Promise<number | void>;
  },
): Command {
  return spec as unknown as Command;
}

/** Ends the command with this exit code; `message` is shown as it is, `hint` adds how to get help. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;

  constructor(message: string, exitCode = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** A failure of run and create: shown as `lighter: …` with the way to help. */
export class RunError extends CliError {
  constructor(cause: unknown, exitCode = 125) {
    super(errorText(cause), exitCode, { cause });
  }
}

/** Several failures of one command, each shown on its line. */
export function joinErrors(errors: readonly unknown[], exitCode = 1): CliError {
  return new CliError(errors.map(errorText).join("\n"), exitCode);
}

/** A failure as people see it: what the daemon said is marked as such. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "ApiError" ? `Error response from daemon: ${error.message}` : error.message;
}

/** Runs the action for each name, goes on after failures, prints the names that went well (unless the action says `silent`). @throws CliError at the end */
export async function forEachName(
  context: Context,
  names: readonly string[],
  action: (name: string) => Promise<void | "silent">,
): Promise<void> {
  const errors: unknown[] = [];
  const results = await Promise.allSettled(names.map(action));
  results.forEach((result, i) => {
    if (result.status === "rejected") errors.push(result.reason);
    else if (result.value !== "silent") context.stdout.write(`${names[i]}\n`);
  });
  if (errors.length > 0) throw joinErrors(errors);
}
