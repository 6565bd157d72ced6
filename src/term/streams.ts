import { nodeFs } from "./node-fs.ts";
import type * as NodeTty from "node:tty";

/** Where a command writes: a file descriptor, or a test's buffer. */
export interface Output {
  readonly isTty: boolean;
  /** Returns when the bytes are written; the reader of a pipe sets the pace. */
  write(data: string | Uint8Array): void;
  /** As `write`, without holding up the event loop. */
  writeAsync(data: Uint8Array): Promise<void>;
  /** Size of the terminal; undefined when there is none. */
  size(): TtySize | undefined;
}

export interface TtySize {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Output to a descriptor. `process.stdout` is not used: setting it up costs 7 ms, more than a whole command.
 * A reader that has gone away ends the process as SIGPIPE would.
 */
export function openOutput(fd: number): Output {
  let tty: boolean | undefined;
  return {
    get isTty() {
      return (tty ??= isTty(fd));
    },
    write: (data) => writeAll(fd, typeof data === "string" ? Buffer.from(data) : data),
    writeAsync: (data) => writeAllAsync(fd, data),
    size: () => terminalSize(fd),
  };
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += nodeFs().writeSync(fd, bytes, offset);
    } catch (error) {
      if (errorCode(error) !== "EAGAIN") throw error;
      Bun.sleepSync(1);
    }
  }
}

async function writeAllAsync(fd: number, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    const written = await writeOnce(fd, bytes, offset);
    if (written === undefined) await Bun.sleep(1);
    else offset += written;
  }
}

/** Undefined when the descriptor cannot take anything now. */
function writeOnce(fd: number, bytes: Uint8Array, offset: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    nodeFs().write(fd, bytes, offset, bytes.length - offset, null, (error, written) => {
      if (!error) resolve(written);
      else if (errorCode(error) === "EAGAIN") resolve(undefined);
      else reject(error);
    });
  });
}

/** The `code` of a system error, or the empty text. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/**
 * True for a terminal. Told by the device's number where that is sure (pts: majors 136 to 143; tty: 4), because `node:tty`
 * costs 2 ms to load.
 */
export function isTty(fd: number): boolean {
  try {
    const stat = nodeFs().fstatSync(fd);
    if (!stat.isCharacterDevice()) return false;
    const major = Math.floor(stat.rdev / 256) & 0xfff;
    if (major === 1) return false;
    return (major >= 136 && major <= 143) || nodeTty().isatty(fd);
  } catch (error) {
    if (errorCode(error) === "EBADF") return false;
    throw error;
  }
}

function terminalSize(fd: number): TtySize | undefined {
  if (!isTty(fd)) return undefined;
  const { WriteStream } = nodeTty();
  const stream = new WriteStream(fd);
  const [columns, rows] = stream.getWindowSize();
  return { columns, rows };
}

/** Loaded on first use only. */
function nodeTty(): typeof NodeTty {
  return process.getBuiltinModule("node:tty");
}
