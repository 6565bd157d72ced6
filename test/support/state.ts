import { Database } from "bun:sqlite";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { listProcesses } from "./processes.ts";
import type { Sandbox } from "./sandbox.ts";

/** What an engine holds outside its database, as the machine shows it, and which of it no row stands for. */
export interface EngineState {
  /** Ids of containers that have a row. */
  readonly containers: readonly string[];
  /** Those of them whose row says that they run. */
  readonly running: readonly string[];
  /** One line for each thing that has no row, or each row whose thing is missing. */
  readonly faults: readonly string[];
}

/** Compares the rows of a quiet engine with mounts, namespaces, devices, cgroups and directories. */
export function readEngineState(box: Sandbox, daemonPid: number): EngineState {
  using database = new Database(join(box.dataRoot, "lighter.db"), { readonly: true });
  const column = (sql: string): string[] =>
    database
      .query<{ v: string }, []>(sql)
      .all()
      .map(({ v }) => String(v));
  const containers = column("SELECT id AS v FROM containers");
  const live = "json_extract(body, '$.state.status') IN ('running', 'paused')";
  const running = column(`SELECT id AS v FROM containers WHERE ${live}`);
  const networked = column(
    `SELECT id AS v FROM containers WHERE ${live} AND json_extract(body, '$.hostConfig.NetworkMode') = 'bridge'`,
  );
  const publishing = column(
    `SELECT id AS v FROM containers WHERE ${live} AND EXISTS
      (SELECT 1 FROM json_each(body, '$.state.ports') AS port WHERE json_array_length(port.value) > 0)`,
  );
  const faults = [
    ...differs("mount of a root", rootMounts(box, daemonPid), running),
    ...differs("task", visible(join(box.execRoot, "tasks")), running),
    ...differs("state of the OCI runtime", runtimeStates(join(box.execRoot, "tasks/.state")), running),
    ...differs("network namespace", visible(join(box.execRoot, "netns")), running),
    ...differs("mount point", visible(join(box.execRoot, "rootfs")), running),
    ...differs("directory of a container", subset(join(box.dataRoot, "containers"), containers), []),
    ...differs(
      "snapshot",
      visible(join(box.dataRoot, "snapshots"), "trash"),
      column("SELECT id AS v FROM overlay_snapshot"),
    ),
    ...differs("snapshot in the bin", visible(join(box.dataRoot, "snapshots/trash")), []),
    ...differs("active snapshot", column("SELECT key AS v FROM overlay_snapshot WHERE kind = 'active'"), containers),
    ...differs("volume", visible(join(box.dataRoot, "volumes")), column("SELECT name AS v FROM volumes")),
    ...differs("anonymous volume of nobody", column(orphanVolumes), []),
    ...differs("blob", blobs(box), column("SELECT digest AS v FROM blobs")),
    ...differs("blob without use", column("SELECT digest AS v FROM blobs WHERE refs = 0"), []),
    ...differs(
      "file of an ingest",
      visible(join(box.dataRoot, "content/ingest")),
      column("SELECT id AS v FROM ingests"),
    ),
    ...differs("temporary file", visible(join(box.dataRoot, "tmp")), []),
    ...differs("address", column("SELECT container_id AS v FROM network_address"), networked),
    ...differs("bridge port", bridgePorts(box.bridge), networked, "count"),
    ...differs("published port", column("SELECT DISTINCT container_id AS v FROM network_port"), publishing),
    ...differs("firewall element", firewallElements(box.bridge), column("SELECT host_port AS v FROM network_port")),
    ...differs("monitor", monitors(box), running),
    ...strayMounts(box, daemonPid),
  ];
  return { containers, running, faults };
}

const orphanVolumes = `SELECT name AS v FROM volumes WHERE anonymous = 1 AND NOT EXISTS
  (SELECT 1 FROM containers, json_each(body, '$.mounts') AS mount WHERE json_extract(mount.value, '$.Name') = volumes.name)`;

/** Paths of containers' cgroups that this engine made: they carry the ids. */
export function cgroupsOf(ids: readonly string[]): readonly string[] {
  const trees = ["/sys/fs/cgroup", ...visible("/sys/fs/cgroup").map((name) => `/sys/fs/cgroup/${name}`)];
  return trees.flatMap((tree) => ids.map((id) => `${tree}/lighter/${id}`)).filter((path) => existsSync(path));
}

function differs(
  what: string,
  found: readonly string[],
  wanted: readonly string[],
  by: "name" | "count" = "name",
): string[] {
  if (by === "count") return found.length === wanted.length ? [] : [`${what}: ${found.length} for ${wanted.length}`];
  return [
    ...found.filter((name) => !wanted.includes(name)).map((name) => `${what} without a row: ${name}`),
    ...wanted.filter((name) => !found.includes(name)).map((name) => `${what} missing: ${name}`),
  ];
}

/** One directory for each OCI runtime. */
function runtimeStates(directory: string): string[] {
  return visible(directory).flatMap((runtime) => visible(join(directory, runtime)));
}

function visible(directory: string, ...except: readonly string[]): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter((name) => !name.startsWith(".") && !except.includes(name));
}

/** A container that never started has no directory yet. */
function subset(directory: string, known: readonly string[]): string[] {
  return visible(directory).filter((name) => !known.includes(name));
}

function blobs({ dataRoot }: Sandbox): string[] {
  const root = join(dataRoot, "content/blobs");
  return visible(root).flatMap((algorithm) => visible(join(root, algorithm)).map((hex) => `${algorithm}:${hex}`));
}

function mountPoints({ root }: Sandbox, pid: number): string[] {
  const lines = readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n");
  return lines.map((line) => line.split(" ")[4] ?? "").filter((point) => point.startsWith(`${root}/`));
}

function rootMounts(box: Sandbox, pid: number): string[] {
  const prefix = `${join(box.execRoot, "rootfs")}/`;
  return mountPoints(box, pid).flatMap((point) => (point.startsWith(prefix) ? [point.slice(prefix.length)] : []));
}

function strayMounts(box: Sandbox, pid: number): string[] {
  const known = ["rootfs", "netns", "shm"].map((name) => `${join(box.execRoot, name)}/`);
  const points = mountPoints(box, pid).filter((point) => point !== box.dataRoot);
  return points
    .filter((point) => !known.some((prefix) => point.startsWith(prefix)))
    .map((point) => `stray mount: ${point}`)
    .concat(points.filter((point, at) => points.indexOf(point) !== at).map((point) => `mounted twice: ${point}`));
}

function bridgePorts(bridge: string): string[] {
  return visible(`/sys/class/net/${bridge}/brif`);
}

interface TableListing {
  readonly nftables: readonly { readonly map?: { readonly elem?: readonly unknown[] } }[];
}

/** Host ports that the bridge's firewall table sends to containers. */
function firewallElements(bridge: string): string[] {
  const table = `lighter_${bridge.replace(/[^A-Za-z0-9_]/g, "_")}`;
  const { exitCode, stdout } = Bun.spawnSync(["nft", "-j", "list", "table", "ip", table]);
  if (exitCode !== 0) return [];
  const { nftables } = JSON.parse(stdout.toString()) as TableListing;
  return nftables.flatMap(({ map }) => (map?.elem ?? []).map(hostPortOf));
}

/** An element is a pair of key and target; the key is a port, or an address and a port. */
function hostPortOf(element: unknown): string {
  const [key] = element as [number | { readonly concat: readonly [string, number] }];
  return String(typeof key === "number" ? key : key.concat[1]);
}

/** Containers that a conmon of this engine looks after. */
function monitors({ execRoot }: Sandbox): string[] {
  const ours = listProcesses().filter(({ command }) => command.includes(` ${execRoot}/tasks/`));
  return [...new Set(ours.flatMap(({ command }) => /conmon .*-c ([0-9a-f]{64}) /.exec(command)?.[1] ?? []))];
}
