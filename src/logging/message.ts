import { emptyLogLine, LogClock, parseLogLine } from "#runtime";

/** What a driver sends as one: a line, or 16 KiB of a longer one, as Docker cuts them. */
export interface LogMessage {
  readonly stream: "stdout" | "stderr";
  /** When the first byte of the line was read. */
  readonly timeNs: bigint;
  /** Without its newline. */
  readonly text: Buffer;
  /** Absent for a line that is one message. `isLast`: the line ends here. */
  readonly partial?: { readonly ordinal: number; readonly isLast: boolean };
}

const maxMessageBytes = 16 * 1024;
const newline = 0x0a;

/** A line that is not whole yet, as a checkpoint keeps it. `text` is base64. */
export interface PendingLine {
  readonly timeNs: string;
  readonly text: string;
  readonly ordinal: number;
}

interface OpenLine {
  timeNs: bigint;
  pieces: Buffer[];
  bytes: number;
  /** Messages of this line so far. */
  ordinal: number;
}

type Pending = Partial<Record<"stdout" | "stderr", PendingLine>>;

/** Joins the pieces that the monitor read into messages. The same bytes give the same messages, however they were cut. */
export class MessageAssembler {
  readonly #clock = new LogClock();
  readonly #open = new Map<"stdout" | "stderr", OpenLine>();

  constructor(pending: Pending = {}) {
    for (const stream of ["stdout", "stderr"] as const) {
      const line = pending[stream];
      if (line === undefined) continue;
      const text = Buffer.from(line.text, "base64");
      this.#open.set(stream, {
        timeNs: BigInt(line.timeNs),
        pieces: [text],
        bytes: text.length,
        ordinal: line.ordinal,
      });
    }
  }

  /** @param block whole lines of the log; messages share its memory */
  add(block: Buffer): LogMessage[] {
    const messages: LogMessage[] = [];
    const line = emptyLogLine();
    for (let start = 0; start < block.length;) {
      const end = block.indexOf(newline, start);
      if (end < 0) break;
      if (parseLogLine(block, start, end, line) !== undefined) {
        const text = block.subarray(line.contentStart, line.end);
        const open = this.#lineOf(line.stream, () => this.#clock.parse(block, line.start, line.timeEnd));
        this.#append(line.stream, open, text, messages);
        if (!line.partial) messages.push(this.#finish(line.stream, open));
      }
      start = end + 1;
    }
    return messages;
  }

  /** What the process wrote last, without a newline. */
  flush(): LogMessage[] {
    return (["stdout", "stderr"] as const).flatMap((stream) => {
      const open = this.#open.get(stream);
      if (open === undefined) return [];
      this.#open.delete(stream);
      const partial = { ordinal: open.ordinal + 1, isLast: false };
      return open.bytes > 0 ? [{ stream, timeNs: open.timeNs, text: joined(open), partial }] : [];
    });
  }

  pending(): Pending {
    return Object.fromEntries(
      [...this.#open].map(([stream, open]) => [
        stream,
        { timeNs: open.timeNs.toString(), text: joined(open).toString("base64"), ordinal: open.ordinal },
      ]),
    );
  }

  #lineOf(stream: "stdout" | "stderr", timeNs: () => bigint): OpenLine {
    const known = this.#open.get(stream);
    if (known !== undefined) return known;
    const open = { timeNs: timeNs(), pieces: [], bytes: 0, ordinal: 0 };
    this.#open.set(stream, open);
    return open;
  }

  #append(stream: "stdout" | "stderr", open: OpenLine, text: Buffer, messages: LogMessage[]): void {
    for (let at = 0; at < text.length;) {
      const piece = text.subarray(at, at + maxMessageBytes - open.bytes);
      at += piece.length;
      open.pieces.push(piece);
      open.bytes += piece.length;
      if (open.bytes < maxMessageBytes) return;
      open.ordinal++;
      messages.push({
        stream,
        timeNs: open.timeNs,
        text: joined(open),
        partial: { ordinal: open.ordinal, isLast: false },
      });
      open.pieces = [];
      open.bytes = 0;
    }
  }

  #finish(stream: "stdout" | "stderr", open: OpenLine): LogMessage {
    this.#open.delete(stream);
    const { timeNs, ordinal } = open;
    const partial = ordinal === 0 ? {} : { partial: { ordinal: ordinal + 1, isLast: true } };
    return { stream, timeNs, text: joined(open), ...partial };
  }
}

function joined({ pieces }: OpenLine): Buffer {
  const [only] = pieces;
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
}
