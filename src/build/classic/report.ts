import type { AsyncQueue } from "#core";
import type { ProgressMessage } from "#spec";

/** Where a build's messages go. A quiet build keeps them back, and shows them only when it fails. */
export interface Reporter {
  readonly emit: (message: ProgressMessage) => void;
  /** Undefined, or a promise to wait for while the client is behind. */
  room(): Promise<void> | undefined;
  fail(message: ProgressMessage): void;
  /** A quiet build says its image here, and nothing else. */
  succeed(imageId: string): void;
}

/** Messages that may wait for a client; a chunk of output has up to 64 KiB. */
const maxWaiting = 64;

/** Bytes of text that a quiet build remembers; the oldest go first. */
const maxKeptChars = 8 * 1024 * 1024;

export function createReporter(queue: AsyncQueue<ProgressMessage>, quiet: boolean): Reporter {
  const kept: ProgressMessage[] = [];
  let keptChars = 0;
  const keep = (message: ProgressMessage): void => {
    if (message.stream === undefined) return;
    kept.push(message);
    keptChars += message.stream.length;
    while (keptChars > maxKeptChars) keptChars -= kept.shift()?.stream?.length ?? keptChars;
  };
  return {
    emit: (message) => (quiet ? keep(message) : queue.push(message)),
    room: () => queue.room(maxWaiting),
    fail(message) {
      for (const item of kept) queue.push(item);
      queue.push(message);
    },
    succeed(imageId) {
      if (quiet) queue.push({ stream: `${imageId}\n` });
    },
  };
}
