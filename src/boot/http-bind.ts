import { chownSync, lstatSync, mkdirSync, readFileSync, unlinkSync } from "node:fs";
import { once } from "node:events";
import { connect, type Server } from "node:net";
import { dirname } from "node:path";
import { EngineError, type Logger } from "#core";

export interface UnixSocket {
  readonly path: string;
  readonly mode: number;
  readonly group?: string;
}

/**
 * Binds a unix socket that has its mode from the first moment. What a dead process left at the path is replaced; a
 * socket that answers, and any other file, is not.
 * @throws EngineError `conflict`; `invalid` for an unknown group
 */
export async function listenUnix(server: Server, socket: UnixSocket, logger: Logger): Promise<void> {
  const gid = socket.group === undefined ? undefined : groupId(socket.group, logger);
  mkdirSync(dirname(socket.path), { recursive: true, mode: 0o755 });
  await removeStale(socket.path);
  const umask = process.umask(0o777 & ~socket.mode);
  const listening = once(server, "listening");
  try {
    server.listen(socket.path);
  } finally {
    process.umask(umask);
  }
  await listening;
  if (gid !== undefined) chownSync(socket.path, process.getuid?.() ?? 0, gid);
}

async function removeStale(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isSocket()) throw new EngineError("conflict", `${path} exists and is not a socket`);
  if (await answers(path)) throw new EngineError("conflict", `${path} is in use by another process`);
  unlinkSync(path);
}

/** Only a refused connection proves that nobody listens. */
async function answers(path: string): Promise<boolean> {
  const probe = connect(path);
  const outcome = Promise.withResolvers<boolean>();
  probe.once("connect", () => outcome.resolve(true));
  probe.once("error", (error: NodeJS.ErrnoException) => outcome.resolve(error.code !== "ECONNREFUSED"));
  const answered = await outcome.promise;
  probe.destroy();
  return answered;
}

function groupId(name: string, logger: Logger): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  for (const line of readFileSync("/etc/group", "utf8").split("\n")) {
    const [group, , gid] = line.split(":");
    if (group === name) return Number(gid);
  }
  if (name !== "docker") throw new EngineError("invalid", `group ${name} not found`);
  logger.log("debug", "group docker not found: the socket stays with the group of this process");
  return undefined;
}
