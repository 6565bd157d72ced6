import { formatSize, type Output } from "#term";

/** Counts what goes through a copy and shows it where somebody looks. */
export interface CopyProgress extends Disposable {
  readonly bytes: number;
  count(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined>;
}

const cursor = { save: "\x1b[s", restore: "\x1b[u", eraseLine: "\x1b[2K" } as const;
const redrawMs = 75;

/** Redraws one line on a terminal once a copy takes some time, and takes it away at the end; elsewhere it shows nothing. */
export function createCopyProgress(
  out: Output,
  header: string,
  quiet: boolean,
  now: () => number = () => performance.now(),
): CopyProgress {
  const shows = out.isTty && !quiet;
  let bytes = 0;
  let drawn = now();
  let begun = false;
  const draw = (): void => {
    if (!shows || now() - drawn < redrawMs) return;
    drawn = now();
    out.write(`${begun ? cursor.restore + cursor.eraseLine : cursor.save}${header}${copySize(bytes)}`);
    begun = true;
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
      if (begun) out.write(cursor.restore + cursor.eraseLine);
    },
  };
}

/** Three significant digits. */
export function copySize(bytes: number): string {
  return formatSize(bytes, 3);
}
