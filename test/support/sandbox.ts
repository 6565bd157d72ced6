import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, readdirSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { takeLedger } from "./leaks.ts";
import { listProcesses, withDescendants } from "./processes.ts";
import { mountsBelow, removeTestTree } from "./remove.ts";
import { linkTag, tag } from "./tag.ts";

/** Everything one engine needs to live beside others on a machine. Disposal ends and removes all of it, whatever its state. */
export interface Sandbox extends AsyncDisposable {
  /** Absolute; part of the command line of every process the engine starts for its containers. */
  readonly root: string;
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly pidfile: string;
  /** Path of the API's unix socket. */
  readonly socket: string;
  /** The same as DOCKER_HOST has it: `unix://…`. */
  readonly host: string;
  /** Name of the default bridge, at most 15 characters. */
  readonly bridge: string;
  /** The bridge's address with its prefix: `10.x.y.1/24`, on a subnet no interface of this machine has. */
  readonly bip: string;
  readonly gateway: string;
  readonly subnet: string;
  /** What the engine keeps outside its root now: mounts, devices, nft tables, cgroups, processes. Empty when all is tidy. */
  leftovers(): readonly string[];
}

let opened = 0;

export async function openSandbox(): Promise<Sandbox> {
  const parent = tmpdir();
  // Short: sockets below must fit the 108 bytes of sun_path.
  const root = mkdtempSync(parent.startsWith(`/tmp/${tag}`) ? join(parent, "b") : `/tmp/${tag}`);
  const number = opened++;
  const network = freeNetwork(number);
  const bridge = `${linkTag}${number}b`;
  const paths = { dataRoot: join(root, "data"), execRoot: join(root, "run"), socket: join(root, "api.sock") };
  mkdirSync(paths.dataRoot);
  mkdirSync(paths.execRoot);
  return {
    root,
    ...paths,
    pidfile: join(root, "pid"),
    host: `unix://${paths.socket}`,
    bridge,
    bip: `${network}.1/24`,
    gateway: `${network}.1`,
    subnet: `${network}.0/24`,
    leftovers: () => leftovers(root, bridge),
    [Symbol.asyncDispose]: () => clearAway(root, bridge),
  };
}

/** First three bytes of a /24 below 10.0.0.0/8, by pid and number, that no interface uses. */
function freeNetwork(number: number): string {
  const used = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  for (let attempt = 0; attempt < 250; attempt++) {
    const slot = process.pid * 8 + number + attempt;
    const network = `10.${100 + (Math.trunc(slot / 250) % 100)}.${slot % 250}`;
    if (!used.some((address) => address.startsWith(`${network}.`))) return network;
  }
  throw new Error("no free subnet below 10.100.0.0");
}

function leftovers(root: string, bridge: string): readonly string[] {
  const ledger = takeLedger({ tag: root, linkTag: bridge, tmp: `${root}/none` });
  return [...ledger].filter((entry) => /^(mount|link|nft|cgroup) /.test(entry) || entry.includes(root));
}

async function clearAway(root: string, bridge: string): Promise<void> {
  const cgroups = await endProcesses(root);
  for (const point of mountsBelow(root)) Bun.spawnSync(["umount", point]);
  removeLinks(bridge);
  removeTables(bridge);
  for (const cgroup of cgroups) removeCgroup(cgroup);
  removeTestTree(root);
}

/**
 * Kills what carries the root on its command line, and its descendants.
 * @returns the cgroups of containers they were in
 */
async function endProcesses(root: string): Promise<readonly string[]> {
  const all = listProcesses();
  const ours = withDescendants(
    all.filter(({ pid, command }) => pid !== process.pid && command.includes(root)),
    all,
  ).filter(({ zombie }) => !zombie);
  const cgroups = new Set(ours.flatMap(({ pid }) => containerCgroups(pid)));
  for (const { pid } of ours) kill(pid);
  const deadline = performance.now() + 10_000;
  while (ours.some(({ pid }) => isRunning(pid))) {
    if (performance.now() > deadline) throw new Error(`processes of ${root} do not end`);
    await Bun.sleep(10);
  }
  return [...cgroups];
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

function isRunning(pid: number): boolean {
  return listProcesses().some((entry) => entry.pid === pid && !entry.zombie);
}

/** Paths below a hierarchy that end in a container's id. */
function containerCgroups(pid: number): string[] {
  try {
    const paths = readFileSync(`/proc/${pid}/cgroup`, "utf8").split("\n");
    return paths.flatMap((line) => /^\d+:[^:]*:(\/.*[0-9a-f]{64}[^/]*)/.exec(line)?.[1] ?? []);
  } catch {
    return []; // the process is gone
  }
}

/** Only empty directories can be removed here, so nothing else can be harmed. */
function removeCgroup(path: string): void {
  const trees = readdirSync("/sys/fs/cgroup", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const directory of ["/sys/fs/cgroup", ...trees.map(({ name }) => `/sys/fs/cgroup/${name}`)]) {
    try {
      rmdirSync(directory + path);
    } catch {
      // not in this tree, or the engine removed it
    }
  }
}

function removeLinks(bridge: string): void {
  for (const entry of takeLedger({ tag: "\0", linkTag: bridge, tmp: "/nonexistent" })) {
    if (entry.startsWith("link ")) Bun.spawnSync(["ip", "link", "del", entry.slice(5)]);
  }
}

function removeTables(bridge: string): void {
  for (const entry of takeLedger({ tag: "\0", linkTag: bridge, tmp: "/nonexistent" })) {
    const [kind, , family, name] = entry.split(" ");
    if (kind === "nft" && family && name) Bun.spawnSync(["nft", "delete", "table", family, name]);
  }
}
