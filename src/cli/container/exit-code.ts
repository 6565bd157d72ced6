import { errorText, RunError } from "../framework/command.ts";

/** 127 for a command that does not exist, 126 for one that cannot be run, 125 for all else. */
export function startExitCode(error: unknown): number {
  const text = errorText(error);
  if (/executable file not found|no such file or directory|system cannot find the file specified/.test(text))
    return 127;
  return /permission denied|is a directory/i.test(text) ? 126 : 125;
}

/** A start that failed, as run tells it. */
export function startFailure(error: unknown): RunError {
  return new RunError(error, startExitCode(error));
}
