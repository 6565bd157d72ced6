import { readFileSync } from "node:fs";

/**
 * Processes of a cgroup that the kernel has killed for want of memory, those of its children with it in version 2
 * (cgroup-v2.rst, memory.events; Linux 4.13's memory.oom_control in version 1). 0 where there is no such count.
 * @param directory of the cgroup, in the tree of the memory controller
 */
export function oomKills(directory: string): number {
  for (const file of ["memory.events", "memory.oom_control"]) {
    const count = /^oom_kill (\d+)$/m.exec(readIfThere(`${directory}/${file}`))?.[1];
    if (count !== undefined) return Number(count);
  }
  return 0;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENODEV") return "";
    throw error;
  }
}
