import { EngineError } from "#core";
import type { IdMappings } from "#runtime";
import type { HostConfig } from "#spec";

/** How containers get user namespaces, as flags and daemon.json say. */
export interface UserNamespaceOptions {
  /** Of containers that ask for nothing (`--userns-remap`): none, a range of their own each, or this one for all. */
  readonly remap: "none" | "auto" | IdMappings;
  /** Where ranges for `auto` come from: `size` ids from `uid` and from `gid` on. */
  readonly pool: IdPool;
}

export interface IdPool {
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
}

/** The host's, a new range of `size` ids, or the daemon's range. */
export type UserNamespacePlan =
  | { readonly kind: "host" }
  | { readonly kind: "auto"; readonly size: number }
  | { readonly kind: "remap"; readonly mappings: IdMappings };

/** Enough for the ids that images have. */
const defaultSize = 65_536;

/**
 * Docker's `--userns`, with `auto`, `auto:size=N` and `private` (any of its own) besides.
 * @throws EngineError `invalid` for other modes, and what a user namespace excludes, in Docker's words
 */
export function userNamespacePlan(host: HostConfig, remap: UserNamespaceOptions["remap"]): UserNamespacePlan {
  const plan = planOf(host.UsernsMode ?? "", remap);
  if (plan.kind !== "host") checkCompatible(host);
  return plan;
}

function planOf(mode: string, remap: UserNamespaceOptions["remap"]): UserNamespacePlan {
  if (mode === "host") return { kind: "host" };
  if (mode === "" && remap === "none") return { kind: "host" };
  if (mode === "auto" || (mode === "" && remap === "auto")) return { kind: "auto", size: defaultSize };
  if (mode === "private" || mode === "")
    return typeof remap === "string" ? { kind: "auto", size: defaultSize } : { kind: "remap", mappings: remap };
  const size = Number(/^auto:size=(\d{1,10})$/.exec(mode)?.[1] ?? 0);
  if (size > 0 && size < 2 ** 32) return { kind: "auto", size };
  throw new EngineError("invalid", `invalid userns mode: ${mode}`);
}

function checkCompatible(host: HostConfig): void {
  const fault =
    host.Privileged === true
      ? "privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode"
      : host.NetworkMode === "host"
        ? "cannot share the host's network namespace when user namespaces are enabled"
        : host.PidMode === "host"
          ? "cannot share the host PID namespace when user namespaces are enabled"
          : undefined;
  if (fault !== undefined) throw new EngineError("invalid", fault);
}
