import { EngineError } from "#core";
import { FileDescriptor } from "../descriptor.ts";
import { bindLibc, check, EINTR, errno, long, SyscallError } from "../libc.ts";
import {
  headerBytes,
  type MessageWriter,
  parseAttributes,
  parseMessages,
  textOf,
  type NetlinkMessage,
} from "./message.ts";

const libc = bindLibc({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: long },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: long },
});

const afNetlink = 16;
const types = { error: 2, done: 3 } as const;
const flags = { request: 1, ack: 4, dump: 0x300, dumpInterrupted: 0x10 } as const;
/** struct sockaddr_nl of the kernel: pid 0, no groups. */
const kernelAddress = Buffer.from([afNetlink, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

export interface NetlinkRequest {
  readonly type: number;
  /** Or of NLM_F_CREATE and the like; request and ack are added. */
  readonly flags?: number;
  /** The fixed struct of the type and its attributes. */
  readonly body: MessageWriter;
  /** For the error message: `add link "veth1"`. */
  readonly describe: string;
}

/**
 * A NETLINK_ROUTE socket. It belongs to the network namespace in which it was opened, wherever the thread goes later.
 * Calls are synchronous: the kernel has the answer ready when `send` returns.
 */
export class RouteSocket extends FileDescriptor {
  #sequence = 0;
  // The largest datagram the kernel makes for a dump is 32 KiB.
  readonly #buffer = Buffer.alloc(65536);

  /** Sends a change and waits for its acknowledgement. @throws SyscallError with the kernel's explanation */
  request(request: NetlinkRequest): void {
    const sequence = this.#send(request, flags.request | flags.ack);
    this.#replies(sequence, request.describe, () => undefined);
  }

  /** Sends a query and gives its answers, at most one unless `dump`. @throws SyscallError */
  query(request: NetlinkRequest, options: { readonly dump: boolean }): NetlinkMessage[] {
    for (let attempt = 0; attempt < 10; attempt++) {
      const answers: NetlinkMessage[] = [];
      const sequence = this.#send(request, flags.request | (options.dump ? flags.dump : flags.ack));
      this.#replies(sequence, request.describe, (message) => answers.push(message));
      if (!answers.some((message) => (message.flags & flags.dumpInterrupted) !== 0)) return answers;
    }
    throw new EngineError("unavailable", `${request.describe}: changed during each of ten attempts to read it`);
  }

  #send(request: NetlinkRequest, extra: number): number {
    const sequence = (this.#sequence = (this.#sequence + 1) >>> 0);
    const message = Buffer.alloc(headerBytes + request.body.length);
    message.writeUInt32LE(message.length, 0);
    message.writeUInt16LE(request.type, 4);
    message.writeUInt16LE((request.flags ?? 0) | extra, 6);
    message.writeUInt32LE(sequence, 8);
    message.set(request.body.bytes(), headerBytes);
    const sent = libc.sendto(this.fd, message, message.length, 0, kernelAddress, kernelAddress.length);
    check(Number(sent), request.describe);
    return sequence;
  }

  #replies(sequence: number, describe: string, take: (message: NetlinkMessage) => void): void {
    for (;;) {
      for (const message of parseMessages(this.#receive(describe))) {
        if (message.sequence !== sequence) continue; // rest of a dump that failed half-way
        if (message.type === types.done) return;
        if (message.type === types.error) return throwUnlessAck(message.payload, message.flags, describe);
        take(message);
      }
    }
  }

  /** A copy of one datagram: answers outlive the shared buffer. */
  #receive(describe: string): Buffer {
    const msgTrunc = 0x20;
    for (;;) {
      const size = Number(libc.recv(this.fd, this.#buffer, this.#buffer.length, msgTrunc));
      if (size > this.#buffer.length) throw new EngineError("corrupt", `${describe}: answer of ${size} bytes`);
      if (size >= 0) return Buffer.from(this.#buffer.subarray(0, size));
      const failure = errno();
      if (failure !== EINTR) throw new SyscallError(describe, failure);
    }
  }
}

/** struct nlmsgerr: negative errno, header of the request, then attributes when capped and extended. */
function throwUnlessAck(payload: Buffer, messageFlags: number, describe: string): void {
  if (payload.length < 4) throw new EngineError("corrupt", `${describe}: acknowledgement of ${payload.length} bytes`);
  const failure = -payload.readInt32LE(0);
  if (failure === 0) return;
  const [capped, hasAttributes, messageText] = [0x100, 0x200, 1];
  const extended = (messageFlags & capped) !== 0 && (messageFlags & hasAttributes) !== 0;
  const text = extended ? parseAttributes(payload.subarray(4 + headerBytes)).get(messageText) : undefined;
  throw new SyscallError(text === undefined ? describe : `${describe} (${textOf(text)})`, failure);
}

/** Opens a route socket in the calling thread's network namespace. */
export function openRouteSocket(): RouteSocket {
  const [raw, cloexec, route] = [3, 0o2000000, 0];
  const socket = new RouteSocket(check(libc.socket(afNetlink, raw | cloexec, route), "socket", "NETLINK_ROUTE"));
  const [solNetlink, capAck, extAck] = [270, 10, 11];
  const on = Uint32Array.of(1);
  // Without these the errors are only shorter.
  libc.setsockopt(socket.fd, solNetlink, capAck, on, 4);
  libc.setsockopt(socket.fd, solNetlink, extAck, on, 4);
  return socket;
}
