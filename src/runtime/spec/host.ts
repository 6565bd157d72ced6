import { existsSync, readFileSync, readdirSync } from "node:fs";
import { listRlimits, readCapabilities, readHostFacts, type Rlimit, type RlimitName } from "#linux";
import { hostPlatform } from "#spec";
import { parseProfiles } from "./apparmor.ts";
import { readCgroupHost } from "../cgroup.ts";
import { readLimitSupport, type LimitSupport } from "./limit-support.ts";

/** What a spec depends on of the machine and of this process; read once. */
export interface SpecHost {
  /** Go's name. */
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly cgroupVersion: 1 | 2;
  /** `CAP_…`: what this process may give away. */
  readonly capabilities: readonly string[];
  readonly rlimits: Readonly<Record<RlimitName, Rlimit>>;
  readonly cpus: number;
  /** What can be limited here. */
  readonly limits: LimitSupport;
  /** Of this process; below it needs CAP_SYS_RESOURCE. */
  readonly oomScoreAdj: number;
  /** Names of loaded AppArmor profiles; undefined on a host without AppArmor. */
  readonly apparmor: readonly string[] | undefined;
  /** A small init for `--init`; undefined when none is installed. */
  readonly initPath: string | undefined;
  /** Paths that exist on some machines only and are masked there. */
  readonly thermalPaths: readonly string[];
}

/** Programs that reap children and pass signals on, as `--init` wants. */
const initPaths = [
  "/usr/bin/docker-init",
  "/usr/libexec/podman/catatonit",
  "/usr/bin/catatonit",
  "/usr/bin/tini-static",
  "/usr/bin/tini",
];

export function readSpecHost(): SpecHost {
  const facts = readHostFacts();
  const cgroupVersion = readCgroupHost().version;
  return {
    architecture: hostPlatform().architecture,
    kernelVersion: facts.kernelVersion,
    cgroupVersion,
    capabilities: readCapabilities().bounding,
    rlimits: listRlimits(),
    cpus: facts.cpus,
    limits: readLimitSupport({ version: cgroupVersion, root: "/sys/fs/cgroup", ownPath: ownCgroup() }),
    oomScoreAdj: Number(readFileSync("/proc/self/oom_score_adj", "utf8")),
    apparmor: readApparmorProfiles(),
    initPath: initPaths.find((path) => existsSync(path)),
    thermalPaths: readThermalPaths(),
  };
}

/** The path in the v2 tree; the root where there is none. */
function ownCgroup(): string {
  return /^0::(.+)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "/";
}

function readApparmorProfiles(): readonly string[] | undefined {
  const list = "/sys/kernel/security/apparmor/profiles";
  if (!existsSync("/sys/module/apparmor") || !existsSync(list)) return undefined;
  return parseProfiles(readFileSync(list, "utf8"));
}

function readThermalPaths(): string[] {
  const directory = "/sys/devices/system/cpu";
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => /^cpu\d+$/.test(name))
    .map((name) => `${directory}/${name}/thermal_throttle`)
    .filter((path) => existsSync(path))
    .sort();
}
