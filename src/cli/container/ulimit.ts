import type { Ulimit } from "#spec";
import { CliError } from "../framework/command.ts";

/** getrlimit(2), without RLIMIT_ and in lower case. */
const names = new Set(
  "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(" "),
);

/** Reads `name=soft[:hard]`; the hard limit defaults to the soft one. @throws CliError with Docker's text */
export function parseUlimit(text: string): Ulimit {
  const [, Name, limits = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (Name === undefined) throw new CliError(`invalid ulimit argument: ${text}`, 125);
  if (!names.has(Name)) throw new CliError(`invalid ulimit type: ${Name}`, 125);
  const [soft = "", hard, extra] = limits.split(":");
  if (extra !== undefined)
    throw new CliError(`too many limit value arguments - ${limits}, can only have up to two, \`soft[:hard]\``, 125);
  const Soft = whole(soft);
  const Hard = hard === undefined ? Soft : whole(hard);
  if (Hard !== -1 && (Soft > Hard || Soft === -1)) {
    throw new CliError(`ulimit soft limit must be less than or equal to hard limit: ${Soft} > ${Hard}`, 125);
  }
  return { Name, Soft, Hard };
}

function whole(text: string): number {
  if (!/^[+-]?\d+$/.test(text))
    throw new CliError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`, 125);
  return Number(text);
}
