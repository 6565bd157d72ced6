import { EngineError, messageOf, type Logger } from "#core";
import type { CgroupHost } from "./cgroup.ts";
import { probeRuntime, type OciRuntime, type ProbeContext, type RegisteredRuntime } from "./oci-runtime.ts";

export interface RuntimeChoice {
  readonly runtimes: ReadonlyMap<string, OciRuntime>;
  readonly defaultRuntime: string;
}

/** Versions from which on the known container breakouts are fixed. */
const versionFloors: Readonly<Record<string, readonly (readonly number[])[]>> = {
  crun: [[1, 28, 0]],
  runc: [
    [1, 3, 6],
    [1, 4, 3],
    [1, 5, 0],
  ],
};

/**
 * Probes what is registered and picks the default: the named one; without a name crun, or runc where crun refuses the
 * host's cgroups.
 * @throws EngineError `unavailable` when no runtime can be run, `invalid` when the named one is not registered
 */
export async function chooseRuntime(
  registered: Readonly<Record<string, RegisteredRuntime>>,
  wanted: string | undefined,
  context: ProbeContext & { readonly cgroups: CgroupHost },
): Promise<RuntimeChoice> {
  const { logger } = context;
  const runtimes = new Map<string, OciRuntime>();
  const probes = Object.entries(registered).map(async ([name, runtime]) => probeRuntime(name, runtime, context));
  for (const probe of await Promise.allSettled(probes)) {
    if (probe.status === "fulfilled") runtimes.set(probe.value.name, probe.value);
    else logger.log("warn", "runtime cannot be used", { error: messageOf(probe.reason) });
  }
  for (const runtime of runtimes.values()) warnOfAge(runtime, logger);
  return { runtimes, defaultRuntime: pickDefault(runtimes, wanted, context) };
}

function pickDefault(
  runtimes: ReadonlyMap<string, OciRuntime>,
  wanted: string | undefined,
  context: { readonly cgroups: CgroupHost; readonly logger: Logger },
): string {
  if (wanted !== undefined && wanted !== "" && !runtimes.has(wanted)) {
    throw new EngineError("invalid", `default runtime ${JSON.stringify(wanted)} is not registered or cannot be run`);
  }
  const named = wanted === undefined || wanted === "" ? undefined : runtimes.get(wanted);
  const all = [...runtimes.values()];
  const first =
    named ?? all.find((runtime) => runtime.kind === "crun") ?? all.find((runtime) => runtime.kind === "runc") ?? all[0];
  if (first === undefined) throw new EngineError("unavailable", "no OCI runtime found: install crun or runc");
  const refused = context.cgroups.hybridControllers;
  if (first.kind !== "crun" || refused.length === 0) return first.name;
  const runc = all.find((runtime) => runtime.kind === "runc");
  context.logger.log(
    "warn",
    `crun cannot run on this host: cgroup v1 with controllers in v2 (${refused.join(" ")}); mount them in v1`,
    {
      fallback: runc?.name ?? "none",
    },
  );
  return runc?.name ?? first.name;
}

function warnOfAge(runtime: OciRuntime, logger: Logger): void {
  if (runtime.kind === "other") return;
  const floors = versionFloors[runtime.kind] ?? [];
  const version = runtime.version.split(/[.+~-]/).map(Number);
  if (floors.length === 0 || isRecent(version, floors)) return;
  logger.log("warn", `${runtime.name} ${runtime.version} is older than the fixes of known container breakouts`, {
    wanted: floors.map((floor) => floor.join(".")).join(" or "),
  });
}

/** At or above the floor of its own minor series, or of a newer series than all. */
function isRecent(version: readonly number[], floors: readonly (readonly number[])[]): boolean {
  const [major = 0, minor = 0, patch = 0] = version;
  const newest = floors.at(-1) ?? [0, 0, 0];
  const [newestMajor = 0, newestMinor = 0] = newest;
  if (major > newestMajor || (major === newestMajor && minor > newestMinor)) return true;
  return floors.some(([a = 0, b = 0, c = 0]) => major === a && minor === b && patch >= c);
}
