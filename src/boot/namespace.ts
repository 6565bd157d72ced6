import { join } from "node:path";
import { execve, joinMountNamespace, unshareMountNamespace } from "#linux";
import { findLiveMonitor } from "#runtime";

/** Set once this process is in the engine's own mount namespace. */
const marker = "LIGHTER_PRIVATE_MOUNTS";

/** What the engine's environment keeps: everything else could reach the programs it starts. */
const kept = [
  "NOTIFY_SOCKET",
  "LISTEN_FDS",
  "LISTEN_PID",
  "LISTEN_FDNAMES",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "TZ",
  "LIGHTER_FAILPOINTS",
];

export type Environment = Readonly<Record<string, string | undefined>>;

export function inPrivateNamespace(env: Environment): boolean {
  return env[marker] === "1";
}

/**
 * Starts this program again in the engine's mount namespace, with a clean environment; the pid stays. Where containers
 * of an earlier engine run it is theirs (a live monitor keeps it), otherwise a new one. So overlay mounts never reach
 * the host, and a new engine sees those of the old. Does not return.
 */
export function reexecInNamespace(execRoot: string, argv: readonly string[], env: Environment): never {
  const monitor = findLiveMonitor(join(execRoot, "tasks"));
  if (monitor === undefined) unshareMountNamespace("rslave");
  else joinMountNamespace(monitor);
  const clean = Object.fromEntries(kept.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  execve(process.execPath, [process.execPath, ...argv], { ...clean, PATH: path, HOME: "/root", [marker]: "1" });
}
