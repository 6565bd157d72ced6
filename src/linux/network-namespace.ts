import { closeSync, constants, openSync, statfsSync, unlinkSync, writeFileSync } from "node:fs";
import { EngineError, failpoint } from "#core";
import { FileDescriptor } from "./descriptor.ts";
import { callMount, mountFlags, unmount } from "./mounts.ts";
import { cloneFlags, setNamespace, unshare } from "./namespaces.ts";
import { openRouteSocket, type RouteSocket } from "./netlink/socket.ts";
import { setLinkUp } from "./netlink/route.ts";

/** f_type of /proc/<pid>/ns files and their bind mounts (linux/magic.h). */
const nsfsType = 0x6e736673;

/**
 * Runs `task` after `enter` moved the thread to another network namespace, and always comes back; if the kernel refuses
 * that, the process ends at once, as everything after it would act in a container's network. `task` is synchronous, so no
 * other JavaScript of this thread runs inside.
 */
function excursion<T>(enter: () => void, task: () => T): T {
  using back = new FileDescriptor(openSync("/proc/thread-self/ns/net", "r"));
  try {
    enter();
    return task();
  } finally {
    try {
      setNamespace(back.fd, cloneFlags.newNetwork);
    } catch {
      process.abort();
    }
  }
}

/** Calls `task` inside the network namespace behind `fd`. */
export function inNetworkNamespace<T>(fd: number, task: () => T): T {
  return excursion(() => setNamespace(fd, cloneFlags.newNetwork), task);
}

/** A network namespace with a route socket inside it; both are closed with it, the namespace stays. */
export interface OpenNamespace extends Disposable {
  readonly fd: number;
  readonly routes: RouteSocket;
}

/** Opens the namespace that a file keeps. @throws SyscallError; EngineError `not_found` when the file keeps none */
export function openNetworkNamespace(path: string): OpenNamespace {
  using stack = new DisposableStack();
  const file = stack.use(new FileDescriptor(openSync(path, "r")));
  if (!isNetworkNamespace(path)) throw new EngineError("not_found", `no network namespace at ${path}`);
  const routes = stack.use(inNetworkNamespace(file.fd, openRouteSocket));
  const owned = stack.move();
  return { fd: file.fd, routes, [Symbol.dispose]: () => owned.dispose() };
}

/** True when the file keeps a namespace. */
export function isNetworkNamespace(path: string): boolean {
  try {
    return statfsSync(path).type === nsfsType;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

export interface NewNamespaceOptions {
  /** IPv6 on interfaces that will be added; `lo` keeps it. */
  readonly ipv6: boolean;
}

/**
 * Makes a network namespace with `lo` up, kept by a file at `path` until {@link removeNetworkNamespace}.
 * @throws EngineError `already_exists` when the file keeps one already
 */
export function createNetworkNamespace(path: string, options: NewNamespaceOptions): void {
  if (isNetworkNamespace(path)) throw new EngineError("already_exists", `network namespace exists: ${path}`);
  closeSync(openSync(path, constants.O_RDONLY | constants.O_CREAT, 0o400));
  try {
    failpoint("sandbox.file");
    using routes = excursion(
      () => unshare(cloneFlags.newNetwork),
      () => furnish(path, options),
    );
    setLinkUp(routes, "lo");
  } catch (error) {
    removeNetworkNamespace(path);
    throw error;
  }
}

/**
 * Keeps the namespace behind `source` (a name under /proc) by a file at `path`, furnished as a new one.
 * @throws EngineError `already_exists` when the file keeps one already
 */
export function keepNetworkNamespace(source: string, path: string, options: NewNamespaceOptions): void {
  if (isNetworkNamespace(path)) throw new EngineError("already_exists", `network namespace exists: ${path}`);
  closeSync(openSync(path, constants.O_RDONLY | constants.O_CREAT, 0o400));
  try {
    using namespace = new FileDescriptor(openSync(source, "r"));
    using routes = inNetworkNamespace(namespace.fd, () => furnish(path, options));
    setLinkUp(routes, "lo");
  } catch (error) {
    removeNetworkNamespace(path);
    throw error;
  }
}

function furnish(path: string, options: NewNamespaceOptions): RouteSocket {
  callMount({ source: "/proc/thread-self/ns/net", target: path, flags: mountFlags.bind });
  if (!options.ipv6) writeSysctlIfPresent("net/ipv6/conf/default/disable_ipv6", "1");
  return openRouteSocket();
}

/** Sets a kernel variable of the calling thread's namespaces; false when this kernel has no such variable. */
export function writeSysctlIfPresent(name: string, value: string): boolean {
  try {
    writeFileSync(`/proc/sys/${name}`, value, { flag: "r+" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Unmounts and removes the file; the kernel ends the namespace when no process uses it. Harmless when absent. */
export function removeNetworkNamespace(path: string): void {
  unmount(path, { detach: true, ifMounted: true });
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
