import type { Duplex } from "node:stream";

/** What arrives on a socket, read only as fast as it is taken; ends at half-close or loss of the peer. */
export interface SocketInput extends AsyncIterable<Uint8Array> {
  /** Ends the iteration; what still arrives is thrown away, so that the peer is never stuck. */
  stop(): void;
}

/** @param early what was read from the socket before */
export function readSocket(socket: Duplex, early: Uint8Array): SocketInput {
  const queue: Uint8Array[] = early.length > 0 ? [early] : [];
  let ended = false;
  let wake: (() => void) | undefined;
  const signal = (): void => {
    wake?.();
    wake = undefined;
  };
  const onData = (chunk: Uint8Array): void => {
    queue.push(chunk);
    socket.pause();
    signal();
  };
  const stop = (): void => {
    if (ended) return;
    ended = true;
    socket.off("data", onData).off("end", stop).off("close", stop);
    socket.resume();
    signal();
  };
  socket.on("data", onData).on("end", stop).on("close", stop);
  return {
    stop,
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const chunk = queue.shift();
        if (chunk) yield chunk;
        else if (ended) return;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
            socket.resume();
          });
        }
      }
    },
  };
}
