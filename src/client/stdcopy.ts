import { ConnectionError } from "./errors.ts";

export interface OutputFrame {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Uint8Array;
}

const streams = ["stdout", "stdout", "stderr"] as const;

/**
 * Undoes Docker's multiplexed stream: frames of an 8-byte header (stream, 0, 0, 0, length as big-endian u32) and a payload.
 * Parts of a frame are passed on as they arrive.
 * @throws ConnectionError for an unknown stream; Error with the daemon's text for stream 3
 */
export async function* demultiplex(source: AsyncIterable<Uint8Array>): AsyncGenerator<OutputFrame, void, undefined> {
  let header: Buffer = Buffer.alloc(0);
  let left = 0;
  let kind = 0;
  let failure = "";
  for await (const chunk of source) {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    while (rest.length > 0) {
      if (left === 0) {
        const need = 8 - header.length;
        header = Buffer.concat([header, rest.subarray(0, need)]);
        rest = rest.subarray(need);
        if (header.length < 8) continue;
        kind = header[0] ?? 0;
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
        if (kind > 3) throw new ConnectionError(`unrecognized input header: ${kind}`);
        continue;
      }
      const bytes = rest.subarray(0, left);
      rest = rest.subarray(bytes.length);
      left -= bytes.length;
      const stream = streams[kind];
      if (stream) yield { stream, bytes };
      else failure += bytes.toString();
      if (left === 0 && failure !== "") throw new Error(`error from daemon in stream: ${failure}`);
    }
  }
}
