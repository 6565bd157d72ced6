import type { DeviceMapping, HostConfig, RestartPolicy, Ulimit } from "#spec";
import { parseBinarySize } from "#term";
import { CliError } from "../framework/command.ts";
import type { CreateValues } from "./run-flags.ts";
import { parseUlimit } from "./ulimit.ts";

/** The limits of a container, as flags give them; what was not given is left out. */
export function parseResources(flags: CreateValues): Partial<HostConfig> & Readonly<Record<string, unknown>> {
  const resources: Record<string, unknown> = {
    CpuShares: flags["cpu-shares"],
    Memory: flags.memory,
    MemoryReservation: flags["memory-reservation"],
    MemorySwap: flags["memory-swap"],
    MemorySwappiness: flags["memory-swappiness"],
    NanoCpus: flags.cpus,
    CgroupParent: flags["cgroup-parent"] || undefined,
    BlkioWeight: flags["blkio-weight"],
    BlkioWeightDevice: optional(flags["blkio-weight-device"].map((text) => deviceValue(text, "Weight", Number))),
    BlkioDeviceReadBps: optional(flags["device-read-bps"].map((text) => deviceValue(text, "Rate", parseBinarySize))),
    BlkioDeviceWriteBps: optional(flags["device-write-bps"].map((text) => deviceValue(text, "Rate", parseBinarySize))),
    BlkioDeviceReadIOps: optional(flags["device-read-iops"].map((text) => deviceValue(text, "Rate", Number))),
    BlkioDeviceWriteIOps: optional(flags["device-write-iops"].map((text) => deviceValue(text, "Rate", Number))),
    CpuPeriod: flags["cpu-period"],
    CpuQuota: flags["cpu-quota"],
    CpuRealtimePeriod: flags["cpu-rt-period"],
    CpuRealtimeRuntime: flags["cpu-rt-runtime"],
    CpusetCpus: flags["cpuset-cpus"] || undefined,
    CpusetMems: flags["cpuset-mems"] || undefined,
    Devices: optional(flags.device.filter((text) => !cdiName.test(text)).map(parseDevice)),
    DeviceCgroupRules: optional(flags["device-cgroup-rule"]),
    DeviceRequests: optional(deviceRequests(flags)),
    OomKillDisable: flags["oom-kill-disable"] || undefined,
    PidsLimit: flags["pids-limit"],
    Ulimits: optional(ulimits(flags.ulimit)),
  };
  return Object.fromEntries(Object.entries(resources).filter(([, value]) => value !== undefined));
}

/** The last one of a name counts. */
function ulimits(texts: readonly string[]): readonly Ulimit[] {
  const byName = new Map(texts.map(parseUlimit).map((limit) => [limit.Name, limit]));
  return [...byName.values()].sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

function optional<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}

function deviceValue(text: string, key: "Rate" | "Weight", parse: (value: string) => number): Record<string, unknown> {
  const at = text.lastIndexOf(":");
  return { Path: text.slice(0, at), [key]: parse(text.slice(at + 1)) };
}

/** `vendor/class=name` of the Container Device Interface. */
const cdiName = /^[A-Za-z][\w.-]*\/[A-Za-z][\w.-]*=[A-Za-z0-9][\w.:-]*$/;

function deviceRequests({ device, gpus }: CreateValues): readonly Record<string, unknown>[] {
  const cdi = device.filter((text) => cdiName.test(text));
  return [...gpus, ...(cdi.length === 0 ? [] : [{ Driver: "cdi", DeviceIDs: cdi }])];
}

/** `/dev/x[:/dev/y][:rwm]`. */
function parseDevice(text: string): DeviceMapping {
  const parts = text.split(":");
  const [host = "", second = "", third] = parts;
  if (parts.length > 3 || host === "") throw new CliError(`bad format for path: ${text}`, 125);
  const isMode = (part: string): boolean => /^[rwm]{1,3}$/.test(part);
  const path = parts.length === 1 || (third === undefined && isMode(second)) ? host : second;
  const permissions = third ?? (isMode(second) ? second : "rwm");
  if (!isMode(permissions)) throw new CliError(`bad mode specified: ${permissions}`, 125);
  if (!path.startsWith("/")) throw new CliError(`${path} is not an absolute path`, 125);
  return { PathOnHost: host, PathInContainer: path, CgroupPermissions: permissions };
}

/** `no`, `always`, `unless-stopped`, `on-failure[:max]`, `on-unhealthy[:max]`. */
export function parseRestart(text: string): RestartPolicy {
  const at = text.indexOf(":");
  const [name, count] = at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
  if (name === "" && count !== undefined)
    throw new CliError("invalid restart policy format: no policy provided before colon", 125);
  if (count !== undefined && !/^-?\d+$/.test(count))
    throw new CliError("invalid restart policy format: maximum retry count must be an integer", 125);
  return {
    Name: name,
    MaximumRetryCount: count === undefined ? 0 : Number(count),
  };
}
