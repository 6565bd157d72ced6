import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createApi } from "#api";
import { armFailpoints, EngineError, messageOf, systemClock, type Logger } from "#core";
import { openEngine } from "#engine";
import { flockExclusive, sdNotify } from "#linux";
import { buildFacts } from "./build-facts.ts";
import type { DaemonOptions } from "./daemon-options.ts";
import { openDrivers } from "./drivers.ts";
import { activationFds, formatHttpAddress, parseHttpAddress, type HttpAddress } from "./http-address.ts";
import { serveHttp } from "./http.ts";
import { trimWhenIdle } from "./idle.ts";
import { Hangup } from "./hangup.ts";
import type { LiveOptions } from "./live-options.ts";
import type { Environment } from "./namespace.ts";

/** Serves the API until a stop signal; then gives everything back but the containers. */
export async function serve(
  options: DaemonOptions,
  live: LiveOptions,
  { env, logger }: { readonly env: Environment; readonly logger: Logger },
): Promise<void> {
  armFailpoints(env["LIGHTER_FAILPOINTS"], { kill: () => process.kill(process.pid, "SIGKILL"), sleep: Bun.sleepSync });
  await using scope = new AsyncDisposableStack();
  const stopped = stopSignal();
  const hangup = scope.use(new Hangup(live, logger));
  mkdirSync(options.execRoot, { recursive: true, mode: 0o711 });
  mkdirSync(options.dataRoot, { recursive: true, mode: 0o711 });
  for (const root of [options.dataRoot, options.execRoot]) scope.use(lockRoot(root));
  if (options.pidFile !== undefined) scope.use(writePidFile(options.pidFile));
  const deps = await openDrivers(options, live, { logger, scope });
  const engine = scope.use(await openEngine(deps));
  await hangup.announce(engine, deps);
  const api = createApi({ engine, version: buildFacts.version, logger, clock: systemClock });
  for (const listen of addresses(options, env)) {
    const listener = scope.use(await serveHttp({ api, listen, logger }));
    logger.log("info", `API listen on ${listener.address.replace("unix://", "")}`);
  }
  notify(env, "READY=1", logger);
  scope.use(trimWhenIdle(logger));
  const signal = await stopped;
  notify(env, "STOPPING=1", logger);
  logger.log("info", "stopping; containers go on", { signal });
}

function addresses(options: DaemonOptions, env: Environment): readonly HttpAddress[] {
  const defaults = {
    path: join(options.execRoot, "lighter.sock"),
    group: options.group ?? "docker",
    fds: activationFds(env, process.pid),
    ...(options.tls ? { tls: readTls(options.tls) } : {}),
  };
  const found = options.hosts.flatMap((host) => parseHttpAddress(host, defaults));
  return found.filter(
    (address, at) => found.findIndex((other) => formatHttpAddress(other) === formatHttpAddress(address)) === at,
  );
}

function readTls({ ca, cert, key }: NonNullable<DaemonOptions["tls"]>): { ca: string; cert: string; key: string } {
  return { ca: readFileSync(ca, "utf8"), cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

/** One engine per root. @throws EngineError `conflict` */
function lockRoot(root: string): Disposable {
  const lock = flockExclusive(join(root, "lock"));
  if (!lock) throw new EngineError("conflict", `another engine is running on ${root}`);
  return lock;
}

function writePidFile(path: string): Disposable {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${process.pid}\n`);
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });
}

function notify(env: Environment, state: string, logger: Logger): void {
  const socket = env["NOTIFY_SOCKET"];
  if (socket === undefined) return;
  try {
    sdNotify(socket, state);
  } catch (error) {
    logger.log("warn", "the service manager could not be told", { state, error: messageOf(error) });
  }
}
