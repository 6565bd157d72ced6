import { parseCounter, type NetworkStats } from "#spec";

/** Devices the kernel itself puts into every network namespace: the loopback, and what tunnel modules add. */
const kernelDevices = /^(?:lo|tunl0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|sit0|ip6tnl0|ip6gre0)$/;

/** The interfaces of proc_pid_net(5) `dev`; undefined without any. */
export function parseNetDev(text: string): Readonly<Record<string, NetworkStats>> | undefined {
  const interfaces = text.split("\n").flatMap((line) => {
    const [, name = "", rest = ""] = /^\s*([^\s:]+):(.*)$/.exec(line) ?? [];
    return name === "" || kernelDevices.test(name) ? [] : [[name, statsOf(rest)] as const];
  });
  return interfaces.length === 0 ? undefined : Object.fromEntries(interfaces);
}

/** Eight columns of what was received, then eight of what was sent. */
function statsOf(columns: string): NetworkStats {
  const values = columns.trim().split(/\s+/).map(parseCounter);
  const at = (index: number): NetworkStats["rx_bytes"] => values[index] ?? 0;
  return {
    rx_bytes: at(0),
    rx_packets: at(1),
    rx_errors: at(2),
    rx_dropped: at(3),
    tx_bytes: at(8),
    tx_packets: at(9),
    tx_errors: at(10),
    tx_dropped: at(11),
  };
}
