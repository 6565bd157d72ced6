import type { Ulimit } from "#spec";
import { CliError } from "../framework/command.ts";

/** Reads `name=soft[:hard]`; the hard limit defaults to the soft one. @throws CliError with Docker's text */
export function parseUlimit(text: string): Ulimit {
  const match = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text);
  if (!match) throw new CliError(`invalid ulimit argument: ${text}`, 125);
  const Soft = Number(match[2]);
  const Hard = match[3] === undefined ? Soft : Number(match[3]);
  if (Hard !== -1 && (Soft > Hard || Soft === -1)) {
    throw new CliError(`ulimit soft limit must be less than or equal to hard limit: ${Soft} > ${Hard}`, 125);
  }
  return { Name: match[1] ?? "", Soft, Hard };
}
