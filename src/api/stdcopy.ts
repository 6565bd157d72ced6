import type { StreamFrame } from "#engine";

/** Docker's content types of attach, exec and logs. */
const rawStream = "application/vnd.docker.raw-stream";
const multiplexedStream = "application/vnd.docker.multiplexed-stream";

/** A session without a terminal says so by its content type since API 1.42; before, all were `raw-stream`. */
export function sessionContentType(tty: boolean, version: number): string {
  return !tty && version >= 1042 ? multiplexedStream : rawStream;
}

const streamNumber = { stdout: 1, stderr: 2 } as const satisfies Record<StreamFrame["stream"], number>;

/** A frame of a session without terminal: stream number, three zeros, length in four bytes big-endian, payload. */
export function encodeFrame({ stream, data }: StreamFrame): Uint8Array {
  const frame = new Uint8Array(8 + data.length);
  frame[0] = streamNumber[stream];
  new DataView(frame.buffer).setUint32(4, data.length);
  frame.set(data, 8);
  return frame;
}

/** The bytes a client expects: bare with a terminal, framed without. */
export async function* encodeFrames(tty: boolean, frames: AsyncIterable<StreamFrame>): AsyncGenerator<Uint8Array> {
  for await (const frame of frames) yield tty ? frame.data : encodeFrame(frame);
}
