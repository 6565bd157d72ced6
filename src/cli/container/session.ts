import { demultiplex, type HijackedStream, type TerminalSize } from "#client";
import { openRawTerminal, type Output } from "#term";
import type { Context } from "../framework/command.ts";
import { plainTerminalOutput } from "./plain-output.ts";
import { DetachFilter, parseDetachKeys } from "./detach-keys.ts";

export interface SessionOptions {
  readonly stream: HijackedStream;
  readonly tty: boolean;
  /** Send stdin. */
  readonly input: boolean;
  readonly detachKeys: string;
}

/** A terminal session with a container. Disposing it gives the terminal back. */
export interface Session extends Disposable {
  /** Resolves at the end of output, or when the user typed the detach keys. */
  readonly done: Promise<"ended" | "detached">;
}

/** Moves bytes between the streams and the container; with a terminal, in raw mode. */
export function openSession(context: Context, { stream, tty, input, detachKeys }: SessionOptions): Session {
  const keys = parseDetachKeys(detachKeys || context.config.detachKeys || "");
  const raw = tty && input && context.stdinIsTty() ? openRawTerminal() : undefined;
  if (raw) plainTerminalOutput();
  const output = pumpOutput(stream, tty, context).then(() => "ended" as const);
  const typed = input
    ? pumpInput(stream, raw?.input ?? context.stdin(), tty ? new DetachFilter(keys) : undefined)
    : undefined;
  const done = typed
    ? Promise.race([
        output,
        typed.then(
          (how) => (how === "detached" ? how : output),
          () => output,
        ),
      ])
    : output;
  // Awaited only after the start, which may fail first.
  done.catch(() => undefined);
  return {
    done,
    [Symbol.dispose]() {
      raw?.[Symbol.dispose]();
      stream[Symbol.dispose]();
    },
  };
}

async function pumpOutput(stream: HijackedStream, tty: boolean, { stdout, stderr }: Context): Promise<void> {
  if (tty && stream.multiplexed !== true) {
    for await (const bytes of stream.output) await stdout.writeAsync(bytes);
    return;
  }
  await writeFrames(stream.output, stdout, stderr);
}

/** Writes a multiplexed stream to its two outputs. */
export async function writeFrames(source: AsyncIterable<Uint8Array>, stdout: Output, stderr: Output): Promise<void> {
  for await (const frame of demultiplex(source))
    await (frame.stream === "stdout" ? stdout : stderr).writeAsync(frame.bytes);
}

async function pumpInput(
  stream: HijackedStream,
  source: AsyncIterable<Uint8Array>,
  filter: DetachFilter | undefined,
): Promise<"ended" | "detached"> {
  for await (const bytes of source) {
    const { send, detached } = filter?.push(bytes) ?? { send: bytes, detached: false };
    if (send.length > 0) await stream.write(send);
    if (detached) return "detached";
  }
  stream.endWrite();
  return "ended";
}

/** Keeps the container's terminal as large as ours until disposed; the first size is sent at once. */
export function followSize(context: Context, resize: (size: TerminalSize) => Promise<void>): Disposable {
  const send = (): void => {
    const size = context.stdout.size();
    if (!size || size.rows === 0 || size.columns === 0) return;
    // The container may have ended meanwhile; its terminal's size is then of no interest.
    resize({ h: size.rows, w: size.columns }).catch(() => undefined);
  };
  send();
  process.on("SIGWINCH", send);
  return { [Symbol.dispose]: () => void process.removeListener("SIGWINCH", send) };
}

const forwarded = [
  "SIGINT",
  "SIGTERM",
  "SIGHUP",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGCONT",
  "SIGALRM",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
] as const;

/** Passes signals to the container until disposed. */
export function proxySignals(kill: (signal: string) => Promise<void>): Disposable {
  const handlers = forwarded.map((signal) => {
    // A container that has just ended cannot take the signal; its exit code says the rest.
    const handler = (): void => void kill(signal.slice(3)).catch(() => undefined);
    process.on(signal, handler);
    return [signal, handler] as const;
  });
  return {
    [Symbol.dispose]() {
      for (const [signal, handler] of handlers) process.removeListener(signal, handler);
    },
  };
}

export const detachedText = "read escape sequence\n";
