import { FileDescriptor } from "./descriptor.ts";
import { bindLibc, check } from "./libc.ts";

const libc = bindLibc({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
});

export interface PortProbe {
  readonly protocol: "tcp" | "udp";
  /** IPv4 */
  readonly address: string;
  readonly port: number;
}

/** Binds a port for a moment. @throws SyscallError EADDRINUSE, EADDRNOTAVAIL, EACCES: nobody could listen there */
export function probePort(probe: PortProbe): void {
  const [afInet, stream, datagram, cloexec] = [2, 1, 2, 0o2000000];
  const type = (probe.protocol === "tcp" ? stream : datagram) | cloexec;
  using socket = new FileDescriptor(check(libc.socket(afInet, type, 0), "socket"));
  // Connections in TIME_WAIT do not hold a port that nobody listens on.
  const [solSocket, reuseAddress] = [1, 2];
  if (probe.protocol === "tcp")
    check(libc.setsockopt(socket.fd, solSocket, reuseAddress, Uint32Array.of(1), 4), "setsockopt");
  const address = Buffer.alloc(16); // struct sockaddr_in
  address.writeUInt16LE(afInet, 0);
  address.writeUInt16BE(probe.port, 2);
  address.set(probe.address.split(".").map(Number), 4);
  check(libc.bind(socket.fd, address, address.length), "bind", `${probe.address}:${probe.port}/${probe.protocol}`);
}
