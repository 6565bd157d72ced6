import type { Writable } from "node:stream";

/** Resolves when a writer whose buffer was full takes more, or is gone. */
export function drained(writer: Writable): Promise<void> {
  if (writer.destroyed || writer.closed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      writer.off("drain", done);
      writer.off("close", done);
      resolve();
    };
    writer.on("drain", done);
    writer.on("close", done);
  });
}
