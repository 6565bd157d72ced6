import { EngineError } from "#core";
import type { ContainerConfig, HostConfig } from "#spec";

/** What a container's NetworkMode means. */
export type NetworkPlan =
  | { readonly kind: "bridge" }
  | { readonly kind: "none" }
  | { readonly kind: "host" }
  /** Shares the sandbox of another container. */
  | { readonly kind: "container"; readonly ref: string };

export function networkPlan(mode: string): NetworkPlan {
  if (mode === "none" || mode === "host") return { kind: mode };
  if (mode.startsWith("container:")) return { kind: "container", ref: mode.slice("container:".length) };
  return { kind: "bridge" };
}

/** Whether network or container are there shows at the start, as in Docker. @throws EngineError `invalid` for options that exclude each other */
export function checkNetworkMode(host: HostConfig, config: ContainerConfig): void {
  const mode = host.NetworkMode ?? "bridge";
  const plan = networkPlan(mode);
  if (plan.kind !== "container") return;
  if (plan.ref === "")
    throw new EngineError("invalid", "invalid network mode: invalid container format container:<name|id>");
  const publishes = Object.keys(host.PortBindings ?? {}).length > 0 || host.PublishAllPorts === true;
  const conflict = config.Hostname
    ? "hostname and the network mode"
    : (host.Dns ?? []).length > 0
      ? "dns and the network mode"
      : (host.ExtraHosts ?? []).length > 0
        ? "custom host-to-IP mapping and the network mode"
        : publishes
          ? "port publishing and the container type network mode"
          : Object.keys(config.ExposedPorts ?? {}).length > 0
            ? "port exposing and the container type network mode"
            : undefined;
  if (conflict !== undefined) throw new EngineError("invalid", `conflicting options: ${conflict}`);
}
