import { EngineError } from "#core";

const maxPort = 65_535;

/**
 * `80`, `80/tcp`, `8000-8010/udp` as keys of ExposedPorts; a host part (`8080:80`) is ignored, as Docker does.
 * @throws EngineError `invalid` with Docker's text
 */
export function exposedPorts(text: string): string[] {
  const slash = text.lastIndexOf("/");
  const protocol = slash < 0 ? "tcp" : text.slice(slash + 1).toLowerCase() || "tcp";
  const ports = slash < 0 ? text : text.slice(0, slash);
  const container = ports.slice(ports.lastIndexOf(":") + 1);
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(container);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || first < 1 || last > maxPort || last < first) {
    throw new EngineError("invalid", `Invalid containerPort: ${container}`);
  }
  if (!["tcp", "udp", "sctp"].includes(protocol))
    throw new EngineError("invalid", `Invalid proto: ${text.slice(slash + 1)}`);
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
}
