import { closeSync, constants, openSync } from "node:fs";
import { basename, dirname } from "node:path";
import { EngineError } from "#core";
import { FileDescriptor } from "./descriptor.ts";
import { bindLibc, check, EAGAIN, EINTR, errno, long, SyscallError } from "./libc.ts";

const libc = bindLibc({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: long },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: long },
  shutdown: { args: ["i32", "i32"], returns: "i32" },
});

const afUnix = 1;
const sockDgram = 2;
const sockSeqpacket = 5;
const sockNonblock = 0o4000;
const sockCloexec = 0o2000000;
const msgDontwait = 0x40;
const msgNosignal = 0x4000;
const oPath = 0x200000;
/** sun_path without its NUL (unix(7)). */
const maxPathBytes = 107;
/** conmon reads at most this much of one packet and drops the rest. */
const maxPacketBytes = 8192;

/** A connected SOCK_SEQPACKET socket; conmon's `attach` is one. */
export class SeqpacketClient extends FileDescriptor {
  #tail: Promise<void> = Promise.resolve();

  /**
   * Sends all bytes, in order of the calls, in packets of at most 8 KiB. Waits while the peer's queue is full.
   * @throws SyscallError EPIPE when the peer has gone
   */
  send(bytes: Uint8Array): Promise<void> {
    const sending = this.#tail.then(() => this.#sendAll(bytes));
    this.#tail = sending.catch(() => undefined);
    return sending;
  }

  /** The peer reads end-of-file after what was sent so far; the queue is drained first. */
  async shutdownWrite(): Promise<void> {
    await this.#tail;
    const write = 1;
    check(libc.shutdown(this.fd, write), "shutdown");
  }

  /** What the peer sends from now on is refused (EPIPE there) and not queued here. */
  shutdownRead(): void {
    const read = 0;
    check(libc.shutdown(this.fd, read), "shutdown");
  }

  async #sendAll(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; start += maxPacketBytes) {
      const packet = bytes.subarray(start, start + maxPacketBytes);
      for (let waitMs = 1; !this.#sendPacket(packet); waitMs = Math.min(waitMs * 2, 32)) await Bun.sleep(waitMs);
    }
  }

  /** False when the peer's queue is full. */
  #sendPacket(packet: Uint8Array): boolean {
    if (Number(libc.send(this.fd, packet, packet.length, msgDontwait | msgNosignal)) >= 0) return true;
    const failure = errno();
    if (failure === EAGAIN || failure === EINTR) return false;
    throw new SyscallError("send", failure);
  }
}

/**
 * Connects to a SOCK_SEQPACKET socket; the path may be longer than sockaddr_un holds.
 * @throws SyscallError `not_found` when nothing is there; ECONNREFUSED when nobody listens
 */
export function connectSeqpacket(path: string): SeqpacketClient {
  const type = sockSeqpacket | sockCloexec | sockNonblock;
  const client = new SeqpacketClient(check(libc.socket(afUnix, type, 0), "socket"));
  try {
    withShortPath(path, (short) => {
      const address = unixAddress(short);
      check(libc.connect(client.fd, address, address.length), "connect", path);
    });
    return client;
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}

/** Calls `use` with a name of the same socket that fits into sockaddr_un, valid during the call. */
export function withShortPath<T>(path: string, use: (short: string) => T): T {
  if (Buffer.byteLength(path) <= maxPathBytes) return use(path);
  const parent = openSync(dirname(path), oPath | constants.O_DIRECTORY);
  try {
    return use(`/proc/self/fd/${parent}/${basename(path)}`);
  } finally {
    closeSync(parent);
  }
}

/** sockaddr_un; a leading `@` means the abstract namespace. */
function unixAddress(path: string): Buffer {
  const name = path.startsWith("@") ? Buffer.from(`\0${path.slice(1)}`) : Buffer.from(`${path}\0`);
  if (name.length > maxPathBytes + 1) throw new EngineError("invalid", `unix socket path too long: ${path}`);
  const family = Buffer.alloc(2);
  family.writeUInt16LE(afUnix);
  return Buffer.concat([family, name]);
}

/**
 * Tells the service manager a state such as `READY=1` (sd_notify(3)).
 * @param socketPath value of NOTIFY_SOCKET: a path, or `@name` for the abstract namespace
 */
export function sdNotify(socketPath: string, state: string): void {
  using socket = new FileDescriptor(check(libc.socket(afUnix, sockDgram | sockCloexec, 0), "socket"));
  const address = unixAddress(socketPath);
  const data = Buffer.from(state);
  const sent = libc.sendto(socket.fd, data, data.length, msgNosignal, address, address.length);
  check(Number(sent), "sendto", socketPath);
}

/**
 * Sends one datagram to a SOCK_DGRAM unix socket.
 * @returns false when the receiver's queue is full
 * @throws SyscallError `not_found` when nothing is there; ECONNREFUSED when nobody listens; EMSGSIZE
 */
export function sendUnixDatagram(socketPath: string, data: Uint8Array): boolean {
  using socket = new FileDescriptor(check(libc.socket(afUnix, sockDgram | sockCloexec, 0), "socket"));
  return withShortPath(socketPath, (short) => {
    const address = unixAddress(short);
    const flags = msgNosignal | msgDontwait;
    if (Number(libc.sendto(socket.fd, data, data.length, flags, address, address.length)) >= 0) return true;
    const failure = errno();
    if (failure === EAGAIN) return false;
    throw new SyscallError("sendto", failure, socketPath);
  });
}
