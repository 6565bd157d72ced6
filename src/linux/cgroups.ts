import { readFileSync } from "node:fs";
import { EngineError, isEngineError, messageOf } from "#core";
import { callMount, mountFlags } from "./mounts.ts";

/** How this host mounts cgroups (cgroups(7)). */
export interface CgroupLayout {
  /** `hybrid`: v1 hierarchies with a v2 tree beside them. */
  readonly mode: "v2" | "v1" | "hybrid";
  /** Mount point of the v2 tree. */
  readonly unified: string | undefined;
  /** v1 controller → mount point; `name=systemd` counts as one. */
  readonly v1: ReadonlyMap<string, string>;
  /** Controllers that can limit containers, of v1 and v2. */
  readonly controllers: readonly string[];
}

interface CgroupMount {
  readonly point: string;
  readonly type: string;
  /** Flags of the mount, such as `nosuid`. */
  readonly flags: readonly string[];
  /** Options of the hierarchy, such as `cpu` or `nsdelegate`. */
  readonly options: readonly string[];
}

/** Reads mountinfo: once at start, not per container. @throws EngineError `unavailable` when no cgroups are mounted */
export function detectCgroups(): CgroupLayout {
  const mounts = cgroupMounts(readFileSync("/proc/self/mountinfo", "utf8"));
  const unified = mounts.find((mount) => mount.type === "cgroup2")?.point;
  const v1 = new Map<string, string>();
  for (const mount of mounts.filter(({ type }) => type === "cgroup")) {
    for (const option of mount.options) if (isController(option)) v1.set(option, mount.point);
  }
  if (unified === undefined && v1.size === 0)
    throw new EngineError("unavailable", "no cgroups are mounted on this host");
  const own = unified === undefined ? [] : readWords(`${unified}/cgroup.controllers`);
  const mode = v1.size === 0 ? "v2" : unified === undefined ? "v1" : "hybrid";
  return { mode, unified, v1, controllers: [...[...v1.keys()].filter((name) => !name.startsWith("name=")), ...own] };
}

const hierarchyOptions = new Set([
  "rw",
  "ro",
  "noprefix",
  "xattr",
  "clone_children",
  "cpuset_v2_mode",
  "none",
  "favordynmods",
]);

function isController(option: string): boolean {
  return !hierarchyOptions.has(option) && !option.startsWith("release_agent=");
}

function readWords(path: string): string[] {
  return readFileSync(path, "utf8").trim().split(/\s+/).filter(Boolean);
}

/** Lines of type cgroup and cgroup2 (proc_pid_mountinfo(5)). */
export function cgroupMounts(mountinfo: string): CgroupMount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [before = "", after] = line.split(" - ");
    const [type = "", , options = ""] = after?.split(" ") ?? [];
    const [, , , , point = "", flags = ""] = before.split(" ");
    if (type !== "cgroup" && type !== "cgroup2") return [];
    return [{ point: unescapeOctal(point), type, flags: flags.split(","), options: options.split(",") }];
  });
}

function unescapeOctal(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

export interface FavorDynmods {
  readonly enabled: boolean;
  /** Why not; empty when enabled. */
  readonly reason: string;
}

/**
 * Remounts the v2 tree with `favordynmods`: moving a process into a cgroup then no longer waits for an RCU grace period
 * (10 to 20 ms). Acts on the whole host; all other options stay. Never throws: without it the engine is only slower.
 */
export function enableFavorDynmods(layout: CgroupLayout): FavorDynmods {
  const { unified } = layout;
  if (unified === undefined) return { enabled: false, reason: "no cgroup v2 tree is mounted" };
  const before = unifiedMount(unified);
  if (before?.options.includes("favordynmods") === true) return { enabled: true, reason: "" };
  try {
    const options = [...(before?.options ?? []).filter((option) => option !== "rw" && option !== "ro"), "favordynmods"];
    const flags = mountFlags.remount | flagBits(before?.flags ?? []);
    callMount({ source: "cgroup2", target: unified, type: "cgroup2", flags, data: options.join(",") });
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return { enabled: false, reason: messageOf(error) };
  }
  // Outside the first cgroup namespace the kernel accepts the option and ignores it.
  if (unifiedMount(unified)?.options.includes("favordynmods") === true) return { enabled: true, reason: "" };
  return { enabled: false, reason: "the kernel ignored the option: not in the host's cgroup namespace" };
}

function unifiedMount(point: string): CgroupMount | undefined {
  return cgroupMounts(readFileSync("/proc/self/mountinfo", "utf8")).find((mount) => mount.point === point);
}

const flagNames: Readonly<Record<string, number>> = {
  ro: mountFlags.readonly,
  nosuid: mountFlags.nosuid,
  nodev: mountFlags.nodev,
  noexec: mountFlags.noexec,
  noatime: mountFlags.noatime,
  relatime: 1 << 21,
};

function flagBits(flags: readonly string[]): number {
  return flags.reduce((bits, flag) => bits | (flagNames[flag] ?? 0), 0);
}
