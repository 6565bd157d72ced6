import { EngineError } from "#core";
import { writeSysctlIfPresent } from "#linux";

/** The host passes packets on between its interfaces. */
export function allowForwarding(): void {
  set("net/ipv4/ip_forward");
}

/** Packets from the host's 127.0.0.0/8 may leave by the bridge; the firewall keeps the other direction shut. */
export function allowLoopback(bridgeName: string): void {
  set(`net/ipv4/conf/${bridgeName}/route_localnet`);
}

function set(name: string): void {
  if (!writeSysctlIfPresent(name, "1")) throw new EngineError("unavailable", `this kernel has no /proc/sys/${name}`);
}
