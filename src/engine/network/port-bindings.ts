import { isIPv4 } from "node:net";
import { EngineError } from "#core";
import type { PortBinding } from "#network";
import type { ContainerConfig, HostConfig, PortMap } from "#spec";

type Ports = Pick<HostConfig, "PortBindings" | "PublishAllPorts">;

/** What Docker refuses when a container is created, whatever its network. @throws EngineError `invalid` */
export function checkPorts({ PortBindings }: Ports): void {
  for (const [port, bindings] of Object.entries(PortBindings ?? {})) {
    portNumber(port.split("/", 1)[0]);
    for (const { HostIp = "", HostPort = "" } of bindings ?? []) {
      for (const bound of HostPort.split("-")) portNumber(bound || "0");
      if (/[^0-9A-Fa-f.:]/.test(HostIp)) throw new EngineError("invalid", `invalid IP address: ${HostIp}`);
    }
  }
}

/** What a container publishes. @throws EngineError `invalid`, `not_implemented` */
export function portBindings(config: ContainerConfig, host: Ports): PortBinding[] {
  const wanted = host.PortBindings ?? {};
  const explicit = Object.entries(wanted).flatMap(([port, bindings]) =>
    ((bindings ?? []).length > 0 ? (bindings ?? []) : [{}]).map((binding) => toBinding(port, binding)),
  );
  if (!host.PublishAllPorts) return explicit;
  const exposed = Object.keys(config.ExposedPorts ?? {}).filter((port) => !Object.hasOwn(wanted, port));
  return [...explicit, ...exposed.map((port) => toBinding(port, {}))];
}

function toBinding(
  port: string,
  { HostIp = "", HostPort = "" }: { readonly HostIp?: string; readonly HostPort?: string },
): PortBinding {
  const [number, protocol = "tcp"] = port.split("/");
  if (protocol !== "tcp" && protocol !== "udp")
    throw new EngineError("not_implemented", `publishing ${protocol} ports is not built yet`);
  if (HostPort.includes("-"))
    throw new EngineError("not_implemented", `publishing from a range of host ports (${HostPort}) is not built yet`);
  const hostIp = HostIp === "" ? "0.0.0.0" : HostIp;
  if (!isIPv4(hostIp))
    throw new EngineError("not_implemented", `publishing on ${HostIp}, which is no IPv4 address, is not built yet`);
  return { protocol, containerPort: portNumber(number), hostIp, hostPort: portNumber(HostPort || "0") };
}

function portNumber(text = ""): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new EngineError("invalid", `invalid port specification: ${JSON.stringify(text)}`);
}

/** `NetworkSettings.Ports`: published ports with their bindings, merely exposed ones with null. */
export function portMap({ ExposedPorts }: ContainerConfig, published: readonly PortBinding[]): PortMap {
  const map: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  for (const port of Object.keys(ExposedPorts ?? {})) map[port] = null;
  for (const { protocol, containerPort, hostIp, hostPort } of published) {
    (map[`${containerPort}/${protocol}`] ??= []).push({ HostIp: hostIp, HostPort: String(hostPort) });
  }
  return map;
}
