import { existsSync, readFileSync } from "node:fs";
import type { HostConfig } from "#spec";

/**
 * Drops what this kernel cannot do, with Docker's warning for each.
 * @param weighsIo whether the kernel weighs block I/O
 */
export function dropUnsupported(
  host: HostConfig,
  weighsIo: () => boolean = weighsBlockIo,
): { readonly host: HostConfig; readonly warnings: readonly string[] } {
  if ((host.BlkioWeight ?? 0) === 0 || weighsIo()) return { host, warnings: [] };
  const warning = "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.";
  return { host: { ...host, BlkioWeight: 0 }, warnings: [warning] };
}

/** cgroup v1 shows the file, v2 the controller. */
function weighsBlockIo(): boolean {
  const controllers = "/sys/fs/cgroup/cgroup.controllers";
  if (!existsSync(controllers)) return existsSync("/sys/fs/cgroup/blkio/blkio.weight");
  return readFileSync(controllers, "utf8").trim().split(" ").includes("io");
}
