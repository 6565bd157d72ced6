import type { StopOptions } from "#client";
import { CliError, type Context } from "../framework/command.ts";
import { int, string, type FlagValues } from "../framework/flags.ts";

/** Flags of stop and restart. */
export const stopFlags = {
  signal: string("Signal that asks the process to end", { short: "s" }),
  time: int("Seconds to wait before it is killed", { hidden: true }),
  timeout: int("Seconds to wait before it is killed", { short: "t" }),
} as const;

export function stopOptions(
  { stdout }: Context,
  flags: FlagValues<typeof stopFlags>,
  changed: ReadonlySet<string>,
): StopOptions {
  if (changed.has("time")) stdout.write("Flag --time has been deprecated, use --timeout instead\n");
  if (changed.has("time") && changed.has("timeout"))
    throw new CliError("conflicting options: cannot specify both --timeout and --time");
  return { signal: flags.signal, t: flags.timeout ?? flags.time };
}
