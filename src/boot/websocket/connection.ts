import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import { EngineError } from "#core";
import type { HijackedConnection } from "#api";
import { drained } from "../http-drain.ts";
import { encodeClose, encodeFrame, FrameDecoder, FrameError, opcodes } from "./frames.ts";

/** RFC 6455, section 1.3. */
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** `Sec-WebSocket-Accept` of a client's key. */
export function acceptKey(key: string): string {
  return createHash("sha1").update(`${key}${guid}`).digest("base64");
}

export interface WebsocketOptions {
  readonly socket: Duplex;
  /** What the client sends behind its handshake. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Fires when the socket has closed. */
  readonly signal: AbortSignal;
  /** How output is sent. */
  readonly messages: "binary" | "text";
}

/** A websocket as a connection of bytes. */
export interface WebsocketConnection extends HijackedConnection {
  /** Says goodbye; harmless after the client has. */
  close(): void;
}

/** Messages of the client are its input, whatever their bounds. Its close ends the input and the connection: a websocket has no half-close. */
export function websocketConnection({ socket, input, signal, messages }: WebsocketOptions): WebsocketConnection {
  const gone = new AbortController();
  const leave = (): void => gone.abort(new EngineError("canceled", "the client went away"));
  if (signal.aborted) leave();
  else signal.addEventListener("abort", leave, { once: true });
  let closed = false;
  const close = (status: number): void => {
    if (!closed && !socket.destroyed) socket.write(encodeClose(status));
    closed = true;
  };
  const opcode = opcodes[messages];
  return {
    input: received(input, { socket, close, leave }),
    signal: gone.signal,
    write: (chunk) => (closed || socket.write(encodeFrame(opcode, chunk)) ? undefined : drained(socket)),
    close: () => close(1000),
  };
}

interface Peer {
  readonly socket: Duplex;
  close(status: number): void;
  leave(): void;
}

async function* received(input: AsyncIterable<Uint8Array>, peer: Peer): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = new FrameDecoder();
  try {
    for await (const chunk of input) {
      for (const { kind, payload } of decoder.push(chunk)) {
        if (kind === "data") yield payload;
        else if (kind === "ping") peer.socket.write(encodeFrame(opcodes.pong, payload));
        else if (kind === "close") return peer.close(1000);
      }
    }
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    peer.close(error.status);
  } finally {
    // The reader hears of the end of the input first, and so can end stdin.
    setImmediate(() => peer.leave());
  }
}
