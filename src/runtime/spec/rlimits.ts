import { EngineError } from "#core";
import { clampRlimit, rlimitNumbers, type Rlimit, type RlimitName } from "#linux";
import type { OciProcess, Ulimit } from "#spec";

export interface RlimitResult {
  readonly rlimits: NonNullable<OciProcess["rlimits"]>;
  readonly warnings: readonly string[];
}

/**
 * Docker's ulimits, no higher than this host allows: without CAP_SYS_RESOURCE nobody raises a hard limit.
 * @throws EngineError `invalid` for an unknown name or a soft limit above the hard one
 */
export function resolveRlimits(
  ulimits: readonly Ulimit[],
  host: { readonly rlimits: Readonly<Record<RlimitName, Rlimit>>; readonly capabilities: readonly string[] },
): RlimitResult {
  const warnings: string[] = [];
  const mayRaise = host.capabilities.includes("CAP_SYS_RESOURCE");
  const rlimits = ulimits.map((ulimit) => {
    const name = parseName(ulimit.Name);
    const wanted = { soft: ulimit.Soft, hard: ulimit.Hard };
    if (wanted.hard !== -1 && (wanted.soft === -1 || wanted.soft > wanted.hard)) {
      throw new EngineError(
        "invalid",
        `ulimit soft limit must be less than or equal to hard limit: ${wanted.soft} > ${wanted.hard}`,
      );
    }
    const limit = mayRaise ? wanted : clampRlimit(wanted, host.rlimits[name].hard);
    if (limit.soft !== wanted.soft || limit.hard !== wanted.hard) {
      warnings.push(
        `ulimit ${name}=${wanted.soft}:${wanted.hard} exceeds what this host allows; ${limit.soft}:${limit.hard} is used`,
      );
    }
    return { type: `RLIMIT_${name.toUpperCase()}`, soft: toOci(limit.soft), hard: toOci(limit.hard) };
  });
  return { rlimits, warnings };
}

function parseName(text: string): RlimitName {
  const name = text.toLowerCase().replace(/^rlimit_/, "");
  if (Object.hasOwn(rlimitNumbers, name)) return name as RlimitName;
  throw new EngineError("invalid", `invalid ulimit type: ${text}`);
}

/** Stands for RLIM_INFINITY until the spec is written. */
function toOci(value: number): number {
  return value === -1 ? Number.MAX_SAFE_INTEGER : value;
}
