import { join } from "node:path";
import { EngineError } from "#core";
import type { CgroupDriver } from "#runtime";
import type { EngineOptions, MachineFacts } from "../../deps.ts";
import type { ContainerRecord } from "../record.ts";

/** What the place of a container's cgroup depends on. */
export interface CgroupDeps {
  readonly machine: Pick<MachineFacts, "cgroupDriver">;
  readonly options: Pick<EngineOptions, "cgroupParent">;
}

/** Docker's rule and words; an empty parent is the driver's own. @throws EngineError `invalid` */
export function checkCgroupParent(driver: CgroupDriver, parent: string): void {
  if (driver !== "systemd" || parent === "" || /^[\w\\.-]+\.slice$/.test(parent)) return;
  throw new EngineError("invalid", 'cgroup-parent for systemd cgroup should be a valid slice named as "xxx.slice"');
}

/**
 * What the spec says of the container's cgroup: a path below the root of the cgroups, wherever a parent of `..` would
 * lead (processes are killed and directories removed there); for systemd a slice and the parts of a scope's name.
 * @throws EngineError `invalid` for a parent that only the other driver can have
 */
export function cgroupsPath(
  { machine, options }: CgroupDeps,
  { id, hostConfig }: Pick<ContainerRecord, "id" | "hostConfig">,
): string {
  const parent = hostConfig.CgroupParent || options.cgroupParent;
  checkCgroupParent(machine.cgroupDriver, parent);
  if (machine.cgroupDriver === "systemd") return `${parent || "system.slice"}:lighter:${id}`;
  return join("/", parent || "lighter", id);
}
