import { EngineError } from "#core";

export interface SecurityOptions {
  readonly noNewPrivileges: boolean;
  /** Undefined: the default profile; otherwise `unconfined` or the JSON text of a profile. */
  readonly seccomp: string | undefined;
  readonly apparmor: string | undefined;
  readonly systemPathsUnconfined: boolean;
  /** Undefined: only when privileged. */
  readonly writableCgroups: boolean | undefined;
}

/**
 * Docker's `SecurityOpt`: `key=value`, in old clients `key:value`.
 * @throws EngineError `invalid` for an unknown option
 */
export function parseSecurityOptions(options: readonly string[]): SecurityOptions {
  const result = {
    noNewPrivileges: false,
    seccomp: undefined as string | undefined,
    apparmor: undefined as string | undefined,
    systemPathsUnconfined: false,
    writableCgroups: undefined as boolean | undefined,
  };
  for (const option of options) {
    const { key, value } = split(option);
    if (key === "no-new-privileges") result.noNewPrivileges = parseBoolean(option, value);
    else if (key === "seccomp") result.seccomp = value === "builtin" ? undefined : value;
    else if (key === "apparmor") result.apparmor = value;
    else if (key === "systempaths" && value === "unconfined") result.systemPathsUnconfined = true;
    else if (key === "writable-cgroups" && value !== "") result.writableCgroups = parseBoolean(option, value);
    // SELinux labels mean nothing on a host without it, as in Docker.
    else if (key !== "label") throw new EngineError("invalid", `invalid --security-opt 2: ${JSON.stringify(option)}`);
  }
  return result;
}

function split(option: string): { readonly key: string; readonly value: string } {
  if (option === "no-new-privileges") return { key: option, value: "true" };
  const at = option.search(/[=:]/);
  if (at < 0) throw new EngineError("invalid", `invalid --security-opt 1: ${JSON.stringify(option)}`);
  return { key: option.slice(0, at), value: option.slice(at + 1) };
}

function parseBoolean(option: string, value: string): boolean {
  if (/^(?:1|t|true)$/i.test(value)) return true;
  if (/^(?:0|f|false)$/i.test(value)) return false;
  throw new EngineError("invalid", `invalid --security-opt 2: ${JSON.stringify(option)}`);
}

/** What a container cannot read unless it is privileged. */
export const maskedPaths: readonly string[] = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

/** What a container cannot write unless it is privileged. */
export const readonlyPaths: readonly string[] = [
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];

export interface PathRequest {
  readonly privileged: boolean;
  readonly unconfined: boolean;
  /** Null and absent mean the default, an empty list none. */
  readonly masked: readonly string[] | null | undefined;
  readonly readonly: readonly string[] | null | undefined;
  readonly thermalPaths: readonly string[];
}

/** Docker's defaults (moby, daemon/pkg/oci/defaults.go). */
export function resolveProtectedPaths(request: PathRequest): {
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
} {
  if (request.privileged || request.unconfined) return { maskedPaths: [], readonlyPaths: [] };
  return {
    maskedPaths: request.masked ?? [...maskedPaths, ...request.thermalPaths],
    readonlyPaths: request.readonly ?? readonlyPaths,
  };
}
