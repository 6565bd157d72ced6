import { expect, test } from "bun:test";
import fc from "fast-check";
import { encodeClose, encodeFrame, FrameDecoder, FrameError, opcodes, type FramePart } from "./frames.ts";

/** A frame as a client sends it: masked. */
function masked(opcode: number, payload: Uint8Array, isFinal = true): Uint8Array {
  const plain = encodeFrame(opcode, payload);
  const head = plain.length - payload.length;
  const mask = Uint8Array.of(0xde, 0xad, 0xbe, 0xef);
  const frame = Buffer.concat([plain.subarray(0, head), mask, payload.map((byte, at) => byte ^ (mask[at & 3] ?? 0))]);
  frame[0] = (isFinal ? 0x80 : 0) | opcode;
  frame[1] = 0x80 | (plain[1] ?? 0);
  return frame;
}

function read(bytes: Uint8Array, pieces: readonly number[]): FramePart[] {
  const decoder = new FrameDecoder();
  const parts: FramePart[] = [];
  let at = 0;
  for (const size of [...pieces, bytes.length]) {
    parts.push(...decoder.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return parts;
}

function dataOf(parts: readonly FramePart[]): Buffer {
  return Buffer.concat(parts.flatMap(({ kind, payload }) => (kind === "data" ? [payload] : [])));
}

test("messages come as they were sent, wherever chunks end", () => {
  const message = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), fc.array(fc.nat(200)), (messages, pieces) => {
      const bytes = Buffer.concat(messages.map((payload) => masked(opcodes.binary, payload)));
      expect(dataOf(read(bytes, pieces))).toEqual(Buffer.concat(messages));
    }),
  );
});

test.each([0, 125, 126, 65_535, 65_536, 200_000])("%d bytes", (length) => {
  const payload = new Uint8Array(length).fill(7);
  expect(dataOf(read(masked(opcodes.text, payload), [1, 1, 3]))).toEqual(Buffer.from(payload));
});

test("control frames stand between the frames of a message, and come whole", () => {
  const ping = masked(opcodes.ping, Buffer.from("there?"));
  const bytes = Buffer.concat([
    masked(opcodes.binary, Buffer.from("one "), false),
    ping,
    masked(opcodes.continuation, Buffer.from("two")),
    masked(opcodes.close, Uint8Array.of(3, 232)),
  ]);
  const parts = read(
    bytes,
    Array.from(bytes, () => 1),
  );
  expect(dataOf(parts).toString()).toBe("one two");
  const control = parts.filter(({ kind }) => kind !== "data");
  expect(control).toEqual([
    { kind: "ping", payload: new Uint8Array(Buffer.from("there?")) },
    { kind: "close", payload: Uint8Array.of(3, 232) },
  ]);
});

test.each([
  ["no mask", encodeFrame(opcodes.binary, Uint8Array.of(1, 2, 3, 4, 5))],
  ["reserved bits", Uint8Array.of(0xc2, 0x80, 0, 0, 0, 0)],
  ["an unknown opcode", Uint8Array.of(0x83, 0x80, 0, 0, 0, 0)],
  ["an unknown control opcode", Uint8Array.of(0x8b, 0x80, 0, 0, 0, 0)],
  ["a ping in pieces", masked(opcodes.ping, Uint8Array.of(1), false)],
  ["a ping too long", masked(opcodes.ping, new Uint8Array(126))],
  ["a continuation of nothing", masked(opcodes.continuation, Uint8Array.of(1))],
  ["a message in a message", Buffer.concat([masked(1, Uint8Array.of(1), false), masked(1, Uint8Array.of(1))])],
  ["a length no number holds", Uint8Array.of(0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0)],
])("%s is refused", (_name, bytes) => {
  expect(() => new FrameDecoder().push(bytes)).toThrow(FrameError);
});

test("a length that is only claimed takes no memory", () => {
  const decoder = new FrameDecoder();
  const claim = Uint8Array.of(0x82, 0xff, 0, 0x1f, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0);
  expect(decoder.push(Buffer.concat([claim, Buffer.from("abc")]))).toEqual([
    { kind: "data", payload: new Uint8Array(Buffer.from("abc")) },
  ]);
});

test("a close says its status", () => {
  expect(encodeClose(1000)).toEqual(Uint8Array.of(0x88, 2, 3, 232));
});
