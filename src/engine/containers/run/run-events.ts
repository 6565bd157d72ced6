import { networkPlan } from "../../network/mode.ts";
import type { ContainerContext } from "../context.ts";
import type { ContainerRecord, MountRecord } from "../record.ts";

/** What Docker tells of a container's volumes and network when it starts, before `start`. */
export function emitRunBegins(context: ContainerContext, record: ContainerRecord): void {
  for (const { Name, Destination, Driver = "local", Propagation, RW } of volumeMounts(record)) {
    const mount = { destination: Destination, propagation: Propagation, "read/write": String(RW) };
    const attributes = { container: record.id, driver: Driver, ...mount };
    context.deps.events.emit({ type: "volume", action: "mount", id: Name ?? "", attributes });
  }
  emitNetworkEvent(context, record, "connect");
}

/** And when its process has ended, before `die`; what it used is given back only after the answers. */
export function emitRunEnds(context: ContainerContext, record: ContainerRecord): void {
  emitNetworkEvent(context, record, "disconnect");
  for (const { Name, Driver = "local" } of volumeMounts(record)) {
    const attributes = { container: record.id, driver: Driver };
    context.deps.events.emit({ type: "volume", action: "unmount", id: Name ?? "", attributes });
  }
}

function volumeMounts({ mounts }: ContainerRecord): readonly MountRecord[] {
  return mounts.filter(({ Type }) => Type === "volume");
}

function emitNetworkEvent(
  { deps, networks }: ContainerContext,
  { id, hostConfig, config }: ContainerRecord,
  action: "connect" | "disconnect",
): void {
  const mode = hostConfig.NetworkMode ?? "bridge";
  if (networkPlan(mode).kind === "container" || config.NetworkDisabled) return;
  // A network that was there when the container started cannot go while it runs.
  const network = networks.find(mode);
  const attributes = { container: id, name: network.name, type: network.driver };
  deps.events.emit({ type: "network", action, id: network.id, attributes });
}
