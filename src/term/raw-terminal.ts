import type { ReadStream } from "node:tty";

/** A terminal in raw mode: keys come as bytes, nothing is echoed. Disposing it puts the old mode back. */
export interface RawTerminal extends Disposable {
  readonly input: AsyncIterable<Uint8Array>;
}

/** Puts the terminal of stdin into raw mode. */
export function openRawTerminal(): RawTerminal {
  const stdin: ReadStream = process.stdin;
  stdin.setRawMode(true);
  const restore = (): void => void stdin.setRawMode(false);
  process.once("exit", restore);
  return {
    input: stdin as AsyncIterable<Uint8Array>,
    [Symbol.dispose]() {
      process.removeListener("exit", restore);
      restore();
      stdin.pause();
      stdin.unref();
    },
  };
}
