import { FileDescriptor } from "./descriptor.ts";
import { bindLibc, check, cString, EAGAIN, EINTR, EINVAL, errno, long, SyscallError } from "./libc.ts";

const libc = bindLibc({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: long },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: long },
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  inet_pton: { args: ["i32", "ptr", "ptr"], returns: "i32" },
});

const einprogress = 115;
const [afInet, afInet6] = [2, 10];
const msgNosignal = 0x4000;

/**
 * A TCP socket of the network namespace in which {@link connectTcp} was called, wherever the thread goes later. No call
 * ever waits: it answers what the kernel knows now.
 */
export class TcpSocket extends FileDescriptor {
  /** False while the handshake is under way. @throws SyscallError when the peer refused, or cannot be reached */
  isConnected(): boolean {
    const pollOut = 4;
    const request = Buffer.alloc(8); // struct pollfd
    request.writeInt32LE(this.fd, 0);
    request.writeInt16LE(pollOut, 4);
    if (libc.poll(request, 1, 0) < 1) return false;
    const [solSocket, soError] = [1, 4];
    const failure = new Int32Array(1);
    check(libc.getsockopt(this.fd, solSocket, soError, failure, Uint32Array.of(4)), "getsockopt", "SO_ERROR");
    if (failure[0] !== 0) throw new SyscallError("connect", failure[0] ?? 0);
    return true;
  }

  /** Number of bytes taken; 0 when there is no room now. @throws SyscallError */
  send(bytes: Uint8Array): number {
    return Math.max(0, this.#transfer(Number(libc.send(this.fd, bytes, bytes.length, msgNosignal)), "send"));
  }

  /** What has come, at most as much as the buffer holds; empty at the end, undefined when nothing is there yet. @throws SyscallError */
  receive(buffer: Uint8Array): Uint8Array | undefined {
    const size = this.#transfer(Number(libc.recv(this.fd, buffer, buffer.length, 0)), "recv");
    return size < 0 ? undefined : buffer.subarray(0, size);
  }

  #transfer(result: number, call: string): number {
    if (result >= 0) return result;
    const failure = errno();
    if (failure === EAGAIN || failure === EINTR) return -1;
    throw new SyscallError(call, failure);
  }
}

/** Begins to connect to an IPv4 or IPv6 address. @throws SyscallError when the kernel knows at once that it cannot */
export function connectTcp(address: string, port: number): TcpSocket {
  const [stream, nonblock, cloexec] = [1, 0o4000, 0o2000000];
  const target = socketAddress(address, port);
  const family = target.readUInt16LE(0);
  using stack = new DisposableStack();
  const socket = stack.use(new TcpSocket(check(libc.socket(family, stream | nonblock | cloexec, 0), "socket")));
  if (libc.connect(socket.fd, target, target.length) < 0) {
    const failure = errno();
    if (failure !== einprogress) throw new SyscallError("connect", failure);
  }
  stack.move();
  return socket;
}

/** struct sockaddr_in or sockaddr_in6 (ip(7), ipv6(7)). */
function socketAddress(address: string, port: number): Buffer {
  const family = address.includes(":") ? afInet6 : afInet;
  const result = Buffer.alloc(family === afInet6 ? 28 : 16);
  result.writeUInt16LE(family, 0);
  result.writeUInt16BE(port, 2);
  const bytes = result.subarray(family === afInet6 ? 8 : 4);
  if (libc.inet_pton(family, cString(address), bytes) !== 1) throw new SyscallError("inet_pton", EINVAL, address);
  return result;
}
