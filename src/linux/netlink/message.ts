import { EngineError } from "#core";

/** Bytes of one netlink message or of an attribute's content; every write grows it and pads to 4 (netlink(7)). */
export class MessageWriter {
  #buffer = Buffer.alloc(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  raw(content: Uint8Array): this {
    const start = this.#reserve(align(content.length));
    this.#buffer.set(content, start);
    return this;
  }

  u8(type: number, value: number): this {
    return this.attribute(type, Uint8Array.of(value));
  }

  u32(type: number, value: number): this {
    const content = Buffer.alloc(4);
    content.writeUInt32LE(value >>> 0);
    return this.attribute(type, content);
  }

  /** A NUL-terminated string. */
  string(type: number, text: string): this {
    return this.attribute(type, Buffer.from(`${text}\0`));
  }

  /** struct nlattr: u16 length with header, u16 type, content. */
  attribute(type: number, content: Uint8Array): this {
    const start = this.#reserve(4 + align(content.length));
    this.#buffer.writeUInt16LE(4 + content.length, start);
    this.#buffer.writeUInt16LE(type, start + 2);
    this.#buffer.set(content, start + 4);
    return this;
  }

  nested(type: number, write: (inner: MessageWriter) => void): this {
    const start = this.#reserve(4);
    write(this);
    this.#buffer.writeUInt16LE(this.#length - start, start);
    this.#buffer.writeUInt16LE(type, start + 2);
    return this;
  }

  #reserve(size: number): number {
    const start = this.#length;
    while (start + size > this.#buffer.length)
      this.#buffer = Buffer.concat([this.#buffer, Buffer.alloc(this.#buffer.length)]);
    this.#length = start + size;
    this.#buffer.fill(0, start, this.#length);
    return start;
  }
}

export const headerBytes = 16;

/** One message from the kernel. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** What follows the header. */
  readonly payload: Buffer;
}

/** @throws EngineError `corrupt` when a length leads outside of the datagram */
export function parseMessages(datagram: Buffer): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at + headerBytes <= datagram.length;) {
    const length = datagram.readUInt32LE(at);
    if (length < headerBytes || at + length > datagram.length) throw malformed("message", length);
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      payload: datagram.subarray(at + headerBytes, at + length),
    });
    at += align(length);
  }
  return messages;
}

/** Attributes by type; the last of a type wins. @throws EngineError `corrupt` */
export function parseAttributes(content: Buffer): Map<number, Buffer> {
  const nestedFlags = 0xc000;
  const attributes = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= content.length;) {
    const length = content.readUInt16LE(at);
    if (length < 4 || at + length > content.length) throw malformed("attribute", length);
    attributes.set(content.readUInt16LE(at + 2) & ~nestedFlags, content.subarray(at + 4, at + length));
    at += align(length);
  }
  return attributes;
}

/** The text of a NUL-terminated attribute. */
export function textOf(content: Buffer): string {
  const end = content.indexOf(0);
  return content.toString("utf8", 0, end < 0 ? content.length : end);
}

function malformed(what: string, length: number): EngineError {
  return new EngineError("corrupt", `netlink ${what} of ${length} bytes leads outside of its buffer`);
}

function align(length: number): number {
  return (length + 3) & ~3;
}
