import { createLogger, EngineError, messageOf } from "#core";
import { buildFacts } from "./build-facts.ts";
import { daemonUsage, parseDaemonOptions, type DaemonOptions } from "./daemon-options.ts";
import { LiveOptions } from "./live-options.ts";
import { inPrivateNamespace, reexecInNamespace, type Environment } from "./namespace.ts";

/** `lighter daemon`. @returns the exit code, after SIGTERM or SIGINT or a failed start */
export async function runDaemon(argv: readonly string[], env: Environment): Promise<number> {
  let options: DaemonOptions;
  try {
    options = parseDaemonOptions(argv);
  } catch (error) {
    process.stderr.write(`lighter daemon: ${messageOf(error)}\n`);
    return error instanceof EngineError ? 125 : 1;
  }
  if (options.help || options.version) {
    process.stdout.write(
      options.help ? daemonUsage() : `lighter version ${buildFacts.version}, build ${buildFacts.gitCommit}\n`,
    );
    return 0;
  }
  const live = new LiveOptions(argv, options);
  const logger = createLogger(
    () => live.logLevel,
    (line) => void process.stderr.write(line),
  );
  try {
    if (process.getuid?.() !== 0) throw new EngineError("forbidden", "the daemon must run as root");
    if (!inPrivateNamespace(env)) reexecInNamespace(options.execRoot, process.argv.slice(1).filter(isOurs), env);
    const { serve } = await import("./serve.ts");
    await serve(options, live, { env, logger });
    return 0;
  } catch (error) {
    logger.log("fatal", messageOf(error));
    return 1;
  }
}

/** A compiled program's own entry point in argv is no argument. */
function isOurs(argument: string): boolean {
  return !argument.startsWith("/$bunfs/");
}
