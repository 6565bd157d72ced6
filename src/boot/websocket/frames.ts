/** Frames of RFC 6455, section 5: a client's are masked, a server's are not. */
export const opcodes = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

/** A piece of a message's payload, as it came, or a whole control frame. */
export type FramePart =
  | { readonly kind: "data"; readonly payload: Uint8Array }
  | { readonly kind: "close" | "ping" | "pong"; readonly payload: Uint8Array };

/** What a client sent against the protocol; `status` goes into the close frame. */
export class FrameError extends Error {
  override readonly name = "FrameError";
  readonly status = 1002;
}

const finalBit = 0x80;
const maskBit = 0x80;
const maxControlBytes = 125;
const empty = new Uint8Array();

export function encodeFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const head = length < 126 ? 2 : length < 0x1_0000 ? 4 : 10;
  const frame = new Uint8Array(head + length);
  const view = new DataView(frame.buffer);
  frame[0] = finalBit | opcode;
  frame[1] = length < 126 ? length : length < 0x1_0000 ? 126 : 127;
  if (head === 4) view.setUint16(2, length);
  if (head === 10) view.setBigUint64(2, BigInt(length));
  frame.set(payload, head);
  return frame;
}

/** A close frame with its status code. */
export function encodeClose(status: number): Uint8Array {
  return encodeFrame(opcodes.close, Uint8Array.of(status >> 8, status & 0xff));
}

interface Header {
  readonly opcode: number;
  readonly mask: Uint8Array;
  readonly length: number;
}

/**
 * Reads frames out of chunks that end anywhere. Payload of messages is passed on as it comes, so that no length that a client
 * claims takes memory. @throws FrameError from `push`
 */
export class FrameDecoder {
  #pending: Uint8Array = empty;
  #header: Header | undefined;
  #left = 0;
  /** Inside a message of several frames. */
  #open = false;

  push(chunk: Uint8Array): FramePart[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const parts: FramePart[] = [];
    for (;;) {
      this.#header ??= this.#takeHeader();
      const part = this.#header && this.#takePayload(this.#header);
      if (!part) return parts;
      if (part.kind !== "data" || part.payload.length > 0) parts.push(part);
    }
  }

  #takeHeader(): Header | undefined {
    const [first = 0, second = 0] = this.#pending;
    if (this.#pending.length < 2) return undefined;
    const short = second & 0x7f;
    const wide = short < 126 ? 0 : short === 126 ? 2 : 8;
    if (this.#pending.length < 2 + wide + 4) return undefined;
    const view = new DataView(this.#pending.buffer, this.#pending.byteOffset);
    const length = wide === 0 ? short : wide === 2 ? view.getUint16(2) : Number(view.getBigUint64(2));
    const header = { opcode: first & 0x0f, mask: this.#pending.slice(2 + wide, 6 + wide), length };
    this.#check(header, first, second);
    this.#pending = this.#pending.subarray(6 + wide);
    this.#left = length;
    return header;
  }

  #check({ opcode, length }: Header, first: number, second: number): void {
    const isFinal = (first & finalBit) !== 0;
    if ((first & 0x70) !== 0) throw new FrameError("reserved bits without an extension");
    if ((second & maskBit) === 0) throw new FrameError("a frame of a client must be masked");
    if (opcode >= opcodes.close) {
      if (opcode > opcodes.pong) throw new FrameError(`unknown opcode ${opcode}`);
      if (!isFinal || length > maxControlBytes) throw new FrameError("a control frame must be short and whole");
      return;
    }
    if (opcode > opcodes.binary) throw new FrameError(`unknown opcode ${opcode}`);
    if ((opcode === opcodes.continuation) !== this.#open) throw new FrameError("a message in another one");
    if (length > Number.MAX_SAFE_INTEGER) throw new FrameError("a frame too long");
    this.#open = !isFinal;
  }

  /** Undefined while there is nothing to pass on. */
  #takePayload(header: Header): FramePart | undefined {
    const { opcode, length } = header;
    const isControl = opcode >= opcodes.close;
    if (this.#pending.length < this.#left && (isControl || this.#pending.length === 0)) return undefined;
    const taken = this.#pending.subarray(0, Math.min(this.#left, this.#pending.length));
    const payload = unmask(taken, header.mask, length - this.#left);
    this.#pending = this.#pending.subarray(taken.length);
    this.#left -= taken.length;
    if (this.#left === 0) this.#header = undefined;
    if (!isControl) return { kind: "data", payload };
    return { kind: opcode === opcodes.close ? "close" : opcode === opcodes.ping ? "ping" : "pong", payload };
  }
}

/** @param offset of the first byte in its frame */
function unmask(bytes: Uint8Array, mask: Uint8Array, offset: number): Uint8Array {
  const plain = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at++) plain[at] = (bytes[at] ?? 0) ^ (mask[(offset + at) & 3] ?? 0);
  return plain;
}
