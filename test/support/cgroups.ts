import { existsSync, readFileSync } from "node:fs";

/** Whether this machine has one tree of cgroups (v2). */
export const unifiedCgroups = existsSync("/sys/fs/cgroup/cgroup.controllers");

/** A file of a process's cgroup: of its controller in v1, of its only one in v2; without the newline at the end. */
export function cgroupFile(
  pid: number,
  controller: string,
  names: { readonly v1: string; readonly v2: string },
): string {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").split("\n");
  const wanted = unifiedCgroups ? "" : controller;
  const line = lines.find((text) => (text.split(":")[1] ?? "").split(",").includes(wanted));
  const path = line?.split(":").slice(2).join(":") ?? "";
  const directory = unifiedCgroups ? `/sys/fs/cgroup${path}` : `/sys/fs/cgroup/${controller}${path}`;
  return readFileSync(`${directory}/${unifiedCgroups ? names.v2 : names.v1}`, "utf8").trim();
}

/** What a limit reads as in v1 and v2. */
export function byVersion(v1: string, v2: string): string {
  return unifiedCgroups ? v2 : v1;
}
