import { existsSync } from "node:fs";
import type { OciSpec } from "#spec";
import { readCgroupHost } from "./cgroup.ts";

/** Who makes a container's cgroup: the OCI runtime itself, or systemd at its request, as a scope (systemd.scope(5)). */
export type CgroupDriver = "cgroupfs" | "systemd";

/** sd_booted(3). */
function systemdRuns(): boolean {
  return existsSync("/run/systemd/system");
}

/** What the systemd driver needs and this host lacks; undefined when it can be used. */
export function lackForSystemdDriver(): string | undefined {
  if (!systemdRuns()) return "systemd does not run on this host";
  return readCgroupHost().version === 2 ? undefined : "this host has cgroup v1";
}

/** `linux.cgroupsPath` of a spec as the systemd driver of crun and runc wants it: `slice:prefix:name`. */
const scopeForm = /^([^/:]*):([^/:]*):([^/:]+)$/;

/** Whether a spec asks for a scope of systemd. */
export function wantsScope(cgroupsPath: string): boolean {
  return scopeForm.test(cgroupsPath);
}

/** The directory, below the root of the cgroups, that a spec's `cgroupsPath` comes to. */
export function cgroupDirectory(cgroupsPath: string): string {
  const [, slice = "", prefix = "", name = ""] = scopeForm.exec(cgroupsPath) ?? [];
  if (name === "") return cgroupsPath;
  return `${sliceDirectory(slice === "" ? "system.slice" : slice)}/${prefix === "" ? name : `${prefix}-${name}`}.scope`;
}

/** Whether a directory of cgroups is a scope of systemd, which then has a say in its limits. */
export function isScope(directory: string): boolean {
  return directory.endsWith(".scope");
}

/** `a-b.slice` lies in `a.slice` (systemd.slice(5)); `-.slice` is the root. */
function sliceDirectory(slice: string): string {
  const parts = slice.replace(/\.slice$/, "").split("-");
  if (parts.every((part) => part === "")) return "";
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("-")}.slice`).join("");
}

/**
 * A spec whose scope systemd forgets however it ended, and that is the container's cgroup itself: crun would put it into
 * a cgroup `container` below, where runc does not (crun(1), annotations).
 */
export function prepareScope(spec: OciSpec): OciSpec {
  if (!wantsScope(spec.linux.cgroupsPath ?? "")) return spec;
  const annotations = {
    "run.oci.systemd.subgroup": "",
    "org.systemd.property.CollectMode": "'inactive-or-failed'",
    ...spec.annotations,
  };
  return { ...spec, annotations };
}
