import { networkPlan } from "../network/mode.ts";
import type { ContainerContext } from "./context.ts";
import type { ContainerRecord, MountRecord } from "./record.ts";

/** What Docker tells of a container's volumes and network when it starts, before `start`. */
export function emitRunBegins(context: ContainerContext, record: ContainerRecord): void {
  for (const mount of record.mounts) {
    emitVolumeEvent(context, record, mount, "mount", {
      destination: mount.Destination,
      propagation: mount.Propagation,
      "read/write": String(mount.RW),
    });
  }
  emitNetworkEvent(context, record, "connect");
}

/** And when its process has ended, before `die`; what it used is given back only after the answers. */
export function emitRunEnds(context: ContainerContext, record: ContainerRecord): void {
  emitNetworkEvent(context, record, "disconnect");
  for (const mount of record.mounts) emitVolumeEvent(context, record, mount, "unmount", {});
}

function emitVolumeEvent(
  { deps }: ContainerContext,
  { id }: ContainerRecord,
  { Type, Name, Driver = "local" }: MountRecord,
  action: "mount" | "unmount",
  attributes: Readonly<Record<string, string>>,
): void {
  if (Type !== "volume" || Name === undefined) return;
  deps.events.emit({ type: "volume", action, id: Name, attributes: { container: id, driver: Driver, ...attributes } });
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
