import type { CgroupHost } from "../cgroup.ts";

/** Where a container's cgroup is for one controller; in v2 it is the same for all. */
export type ControllerDirectory = (controller: string) => string;

/** @param path of the container's cgroup, below the root of every tree */
export function controllerDirectory(host: CgroupHost, path: string, root = "/sys/fs/cgroup"): ControllerDirectory {
  return (controller) => (host.version === 2 ? `${root}${path}` : `${root}/${controller}${path}`);
}
