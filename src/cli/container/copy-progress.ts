import { formatSize, type Output } from "#term";

/** Counts what goes through a copy and shows it where somebody looks. */
export interface CopyProgress extends Disposable {
  readonly bytes: number;
  count(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined>;
}

const cursor = { save: "\x1b[s", restore: "\x1b[u", eraseLine: "\x1b[2K" } as const;
const redrawMs = 75;

/** Redraws one line on a terminal, and takes it away at the end; elsewhere it shows nothing. */
export function createCopyProgress(out: Output, header: string, quiet: boolean): CopyProgress {
  const shows = out.isTty && !quiet;
  let bytes = 0;
  let drawn = performance.now();
  if (shows) out.write(`${cursor.save}Preparing to copy...`);
  const draw = (): void => {
    if (!shows || performance.now() - drawn < redrawMs) return;
    drawn = performance.now();
    out.write(`${cursor.restore}${cursor.eraseLine}${header}${copySize(bytes)}`);
  };
  return {
    get bytes() {
      return bytes;
    },
    async *count(source) {
      for await (const chunk of source) {
        bytes += chunk.length;
        draw();
        yield chunk;
      }
    },
    [Symbol.dispose]() {
      if (shows) out.write(cursor.restore + cursor.eraseLine);
    },
  };
}

/** Three significant digits. */
export function copySize(bytes: number): string {
  return formatSize(bytes, 3);
}
