import { EngineError, type ErrorCode } from "#core";
import type { OciRuntime } from "./oci-runtime.ts";

/**
 * Docker's text around a failed create. Clients read the exit code out of it: "executable file not found" and
 * "no such file or directory" mean 127, "permission denied" and "is a directory" 126, anything else 125 or 128.
 */
export function createError(runtime: OciRuntime, raw: string, command: string | undefined): EngineError {
  const file = /chdir [`"](.*)[`"]: not a directory/i.exec(lastMessage(raw))?.[1];
  if (file !== undefined) return new EngineError("invalid", `Cannot mkdir: ${file} is not a directory`);
  const text = `OCI runtime create failed: ${runtime.name} create failed: ${explain(raw, command)}: unknown`;
  return new EngineError(codeOf(text), `failed to create task for container: failed to create shim task: ${text}`);
}

export function startError(runtime: OciRuntime, raw: string, command: string | undefined): EngineError {
  const text = `OCI runtime start failed: ${runtime.name} start failed: ${explain(raw, command)}: unknown`;
  return new EngineError(codeOf(text), `failed to start task for container: ${text}`);
}

export function execError(raw: string, command: string | undefined): EngineError {
  const text = `OCI runtime exec failed: exec failed: ${explain(raw, command)}: unknown`;
  return new EngineError(codeOf(text), text);
}

/** Exit code that Docker gives to a container or exec that could not be started with this error text. */
export function startFailureExitCode(message: string): number {
  if (/executable file not found|no such file or directory/.test(message)) return 127;
  return /permission denied|not a directory|is a directory|exec format error/.test(message) ? 126 : 128;
}

/** Docker blames the caller for a command that cannot be run, and itself for the rest. */
function codeOf(text: string): ErrorCode {
  return startFailureExitCode(text) === 128 ? "internal" : "invalid";
}

const notInPath = "executable file not found in $PATH";
const startFailure = "unable to start container process: ";

/** The OCI runtime's last words in runc's phrases, which is what Docker's clients know. */
function explain(raw: string, command: string | undefined): string {
  const text = lastMessage(raw);
  const name = JSON.stringify(command ?? "");
  const missing =
    /^executable file `(.*)` not found in \$PATH/.exec(text) ?? /^executable file not found in \$PATH/.exec(text);
  if (missing !== null) return `${startFailure}exec: ${missingCommand(missing[1] ?? command ?? "")}`;
  const open = /^(?:open executable|exec(?: `.*`)?|execv(?:e)?): (.+)$/.exec(text);
  // crun opens the program to run it later; a directory is refused as "not permitted".
  if (open?.[1] === "Operation not permitted" || open?.[1] === "Is a directory")
    return `${startFailure}exec: ${name}: ${command === "" ? notInPath : "is a directory: permission denied"}`;
  if (open?.[1] !== undefined) return `${startFailure}exec: ${name}: ${lowerFirst(open[1])}`;
  const sysctl = /^the sysctl `(.*)` requires a new (network|IPC) namespace$/.exec(text);
  if (sysctl !== null)
    return sysctl[2] === "IPC"
      ? `sysctl ${JSON.stringify(sysctl[1])} is not allowed in the hosts ipc namespace`
      : `sysctl ${JSON.stringify(sysctl[1])} not allowed in host network namespace`;
  const chdir = /^chdir `(.*)`: (.+)$/.exec(text);
  if (chdir !== null)
    return `${startFailure}chdir to cwd (${JSON.stringify(chdir[1])}) set in config.json failed: ${lowerFirst(chdir[2] ?? "")}`;
  return text.replace(/: (No such file or directory|Permission denied|Is a directory|Not a directory)$/, (match) =>
    match.toLowerCase(),
  );
}

function missingCommand(command: string): string {
  // execvp(3) looks at PATH only for names without a slash.
  const reason = command.includes("/") ? "stat " + command + ": no such file or directory" : notInPath;
  return `${JSON.stringify(command)}: ${reason}`;
}

/** runc logs `time=… level=error msg="…"`, crun plain lines or JSON; the first error of crun is the cause. */
function lastMessage(raw: string): string {
  const lines = raw
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^(?:time=.* |\{.*)"?level"?[=:]"?(?:debug|info|warning)\b/.test(line));
  const messages = lines.map(messageOfLine).filter((line) => !/^(?:conmon|\[conmon)/.test(line));
  return messages.at(-1) ?? "no message";
}

function messageOfLine(line: string): string {
  const logfmt = /\bmsg=("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
  if (logfmt !== undefined) return stripRunc(JSON.parse(logfmt) as string);
  if (!line.startsWith("{")) return stripRunc(line);
  try {
    return stripRunc((JSON.parse(line) as { msg?: string }).msg ?? line);
  } catch (error) {
    if (error instanceof SyntaxError) return line;
    throw error;
  }
}

function stripRunc(text: string): string {
  return text.replace(/^(?:runc (?:create|start|exec) failed|exec failed): /, "");
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
