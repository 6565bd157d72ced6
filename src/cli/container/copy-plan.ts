import { CliError } from "../framework/command.ts";
import { assertsDirectory, splitEntry, type CopyEnd } from "./copy-paths.ts";

/** Where an archive goes, and the name that its top gets there; without a name it keeps its own. */
export interface CopyPlan {
  readonly directory: string;
  readonly name?: string;
}

/**
 * The rules of `cp -a`: into a directory that is there; else under the destination's name beside it. A directory never
 * replaces a file, and what ends with a slash must be a directory. @throws CliError with Docker's text
 */
export function planCopy(source: CopyEnd, destination: CopyEnd): CopyPlan {
  if (destination.exists && destination.isDirectory) return { directory: destination.path };
  if (destination.exists && source.isDirectory) throw new CliError("cannot copy directory");
  if (!destination.exists && !source.isDirectory && assertsDirectory(destination.path))
    throw new CliError("no such directory");
  const { directory, base } = splitEntry(destination.path);
  return { directory, name: base };
}

/** Name of the archive's top as the source gives it. */
export function sourceName(source: CopyEnd): string {
  return source.rebaseName ?? splitEntry(source.path).base;
}
