import { formatSize } from "./size.ts";
import type { Output } from "./streams.ts";

/** The parts of a message of a pull, push, load or build stream that are shown. */
export interface ProgressLine {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly errorDetail?: { readonly code?: number; readonly message: string };
  readonly error?: string;
}

/** Shows a stream of messages: bars that redraw on a terminal, changes of status elsewhere. */
export interface Progress {
  /** @throws Error with the daemon's text when the message carries one */
  show(message: ProgressLine): void;
}

export function createProgress(out: Output): Progress {
  const lines = new Map<string, number>();
  const columns = out.isTty ? (out.size()?.columns ?? 80) : 0;
  return {
    show(message) {
      const failure = message.errorDetail?.message ?? message.error;
      if (failure !== undefined) throw new Error(failure);
      const detail = message.progressDetail;
      const moving = detail?.current !== undefined || detail?.total !== undefined;
      if (!out.isTty && moving) return;
      if (message.id === undefined || message.id === "" || !out.isTty || (!moving && message.stream !== undefined)) {
        if (message.id === undefined) lines.clear();
        out.write(textOf(message, columns));
        return;
      }
      redraw(out, lines, message.id, textOf(message, columns));
    },
  };
}

/** Each id has its line; the cursor goes up to it and down again. */
function redraw(out: Output, lines: Map<string, number>, id: string, text: string): void {
  const known = lines.get(id);
  if (known === undefined) {
    lines.set(id, lines.size);
    out.write(text);
    return;
  }
  const up = lines.size - known;
  out.write(`\x1b[${up}A\x1b[2K\r${text}${up > 1 ? `\x1b[${up - 1}B` : ""}`);
}

function textOf(message: ProgressLine, columns: number): string {
  const id = message.id === undefined || message.id === "" ? "" : `${message.id}: `;
  if (message.stream !== undefined) return id + message.stream;
  const bar = columns > 0 ? barOf(message.progressDetail, columns) : "";
  return `${id}${message.status ?? ""}${bar === "" ? "" : ` ${bar}`}\n`;
}

function barOf(detail: ProgressLine["progressDetail"], columns: number): string {
  const current = detail?.current ?? 0;
  const total = detail?.total ?? 0;
  if (current <= 0 && total <= 0) return "";
  if (total <= 0) return formatSize(current).padStart(8);
  const percent = Math.min(Math.floor((current / total) * 100), 100) / 2;
  const filled = Math.floor(percent);
  const bar = columns > 110 ? `[${"=".repeat(filled)}>${" ".repeat(Math.max(50 - filled, 0))}] ` : "";
  return `${bar}${formatSize(current).padStart(8)}${current > total ? "" : `/${formatSize(total)}`}`;
}
