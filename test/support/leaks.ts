import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { listProcesses, withDescendants } from "./processes.ts";

/** What a run of tests may leave behind, as lines a human reads: `mount /tmp/x`, `process 17 sleep 9`, … */
export type Ledger = ReadonlySet<string>;

export interface LedgerScope {
  /** Part of every directory, mount, cgroup and command line that is ours. */
  readonly tag: string;
  /** Start of every network device and nft table that is ours. */
  readonly linkTag: string;
  /** Where our temporary directories are. */
  readonly tmp: string;
}

/**
 * Takes stock of what this process owns: tagged mounts, network devices, nft tables, cgroups and temporary directories,
 * its descendants and tagged processes, and its open files. What other processes own is never in it.
 */
export function takeLedger(scope: LedgerScope): Ledger {
  return new Set([
    ...mounts(scope),
    ...links(scope),
    ...tables(scope),
    ...cgroups(scope),
    ...directories(scope),
    ...processes(scope),
    ...descriptors(),
  ]);
}

/** What is there now and was not before. */
export function newEntries(before: Ledger, after: Ledger): readonly string[] {
  return [...after].filter((entry) => !before.has(entry));
}

/**
 * Waits until nothing new is left, because teardown of descriptors and processes is asynchronous; then answers an empty
 * list, or after `graceMs` what remains.
 */
export async function settleLeaks(scope: LedgerScope, before: Ledger, graceMs: number): Promise<readonly string[]> {
  const deadline = performance.now() + graceMs;
  for (;;) {
    const leaks = newEntries(before, takeLedger(scope));
    if (leaks.length === 0 || performance.now() > deadline) return leaks;
    Bun.gc(true); // streams nobody reads keep their pipes until they are collected
    await Bun.sleep(20);
  }
}

function mounts({ tag }: LedgerScope): string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.filter((line) => line.includes(tag)).map((line) => `mount ${line.split(" ")[4]}`);
}

function links({ linkTag }: LedgerScope): string[] {
  return readdirSync("/sys/class/net")
    .filter((name) => name.startsWith(linkTag) || masterOf(name).startsWith(linkTag))
    .map((name) => `link ${name}`);
}

function masterOf(link: string): string {
  try {
    return readlinkSync(`/sys/class/net/${link}/master`).split("/").at(-1) ?? "";
  } catch {
    return ""; // no master, or gone meanwhile
  }
}

function tables({ linkTag }: LedgerScope): string[] {
  if (process.getuid?.() !== 0 || !Bun.which("nft")) return [];
  const { stdout } = Bun.spawnSync(["nft", "list", "tables"]);
  const lines = stdout.toString().split("\n");
  // nft names have no hyphen unless quoted: the engine's table of the bridge lt7-0 is lighter_lt7_0.
  const names = [linkTag, linkTag.replaceAll("-", "_")];
  return lines.filter((line) => names.some((name) => line.includes(name))).map((line) => `nft ${line}`);
}

function cgroups({ tag }: LedgerScope): string[] {
  const roots = ["/sys/fs/cgroup", ...subdirectories("/sys/fs/cgroup")];
  // Two levels below a hierarchy: where a cgroup parent may be put, bare or in a slice.
  return roots
    .flatMap((root) => subdirectories(root).flatMap((path) => [path, ...subdirectories(path)]))
    .filter((path) => path.includes(tag))
    .map((path) => `cgroup ${path}`);
}

function subdirectories(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => `${path}/${entry.name}`);
  } catch {
    return []; // no such directory, or gone meanwhile
  }
}

function directories({ tag, tmp }: LedgerScope): string[] {
  const own = existsSync(tmp) ? readdirSync(tmp).map((name) => `${tmp}/${name}`) : [];
  const others = ["/tmp", "/var/tmp"].flatMap((parent) =>
    readdirSync(parent).flatMap((name) => (name.startsWith(tag) ? [`${parent}/${name}`] : [])),
  );
  return [...own, ...others.filter((path) => path !== tmp)].map((path) => `directory ${path}`);
}

function processes({ tag }: LedgerScope): string[] {
  const all = listProcesses();
  const roots = all.filter(({ parent, command }) => parent === process.pid || command.includes(tag));
  return withDescendants(roots, all)
    .filter(({ pid }) => pid !== process.pid)
    .map(({ pid, command, zombie }) => `process ${pid} ${zombie ? "(zombie)" : command}`);
}

/**
 * Files, directories, namespaces, pidfds and mounts held open. What the JavaScript engine opens for itself, and keeps
 * (one inotify instance for all watchers), is left out.
 */
function descriptors(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return isOurs(target) ? [`descriptor ${fd} ${target}`] : [];
    } catch {
      return []; // the one this listing used
    }
  });
}

function isOurs(target: string): boolean {
  if (target.startsWith("/")) return !/^\/(dev|proc|sys)\/|\/node_modules\/|\.(ts|js|json|node)$/.test(target);
  return /^(mnt|net|pid|user|ipc|uts|cgroup):|^pipe:|^anon_inode:\[?(pidfd|fscontext|mount|fanotify)/.test(target);
}
