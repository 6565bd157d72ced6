import { EngineError } from "#core";
import type { HostConfig, OciSpec } from "#spec";

export type Namespaces = OciSpec["linux"]["namespaces"];

/** A new one without interfaces, the host's, or the one at a path. */
export type NetworkNamespace = { readonly kind: "none" | "host" } | { readonly kind: "path"; readonly path: string };

/** Paths under /proc of the namespaces that are another container's (`container:<id>`). */
export interface JoinedNamespaces {
  readonly pid?: string;
  readonly ipc?: string;
  /** A /dev/shm that is shared with, or by, another container, seen from the host. */
  readonly shmPath?: string;
}

/** @throws EngineError `invalid` for a mode that is none of Docker's */
export function resolveNamespaces(config: HostConfig, network: NetworkNamespace, joined: JoinedNamespaces): Namespaces {
  return [
    { type: "mount" },
    ...(network.kind === "host"
      ? []
      : [network.kind === "path" ? { type: "network", path: network.path } : { type: "network" }]),
    ...byMode("uts", config.UTSMode, undefined),
    ...byMode("pid", config.PidMode, joined.pid),
    ...byMode("ipc", config.IpcMode, joined.ipc),
    ...byMode("cgroup", config.CgroupnsMode, undefined),
  ];
}

function byMode(type: string, mode: string | undefined, path: string | undefined): Namespaces {
  if (mode === "host") return [];
  if (mode?.startsWith("container:") === true) {
    if (path === undefined) throw new EngineError("invalid", `${type} mode ${mode}: its container is not running`);
    return [{ type, path }];
  }
  if (mode === undefined || ["", "private", "shareable", "none"].includes(mode)) return [{ type }];
  throw new EngineError("invalid", `invalid ${type.toUpperCase()} mode: ${mode}`);
}
