import type { AttachSession, StdinWriter } from "#engine";
import { createDetachFilter } from "./detach.ts";
import type { HijackedConnection } from "./response.ts";
import { encodeFrame } from "./stdcopy.ts";

export interface SessionOptions {
  /** Watched for only where a terminal has stdin. */
  readonly detachKeys: Uint8Array;
  /** Each piece of output says its stream, unless there is a terminal. */
  readonly framed: boolean;
}

/**
 * Joins a session and a hijacked connection until the process's output ends, the client types the detach keys or goes
 * away. The client's half-close ends stdin alone. The session is disposed in every case.
 */
export async function serveSession(
  attached: AttachSession,
  connection: HijackedConnection,
  { detachKeys, framed }: SessionOptions,
): Promise<void> {
  await using session = attached;
  const gone = Promise.withResolvers<void>();
  connection.signal.addEventListener("abort", () => gone.resolve(), { once: true });
  if (connection.signal.aborted) return;
  const detached = pumpInput(session, connection, detachKeys);
  await Promise.race([pumpOutput(session, connection, framed && !session.tty), detached, gone.promise]);
}

async function pumpOutput(session: AttachSession, connection: HijackedConnection, framed: boolean): Promise<void> {
  for await (const frame of session.output) {
    if (connection.signal.aborted) return;
    const full = connection.write(framed ? encodeFrame(frame) : frame.data);
    if (full) await full;
  }
}

/** Settles only when the client detaches: the end of input does not end the session. */
async function pumpInput(session: AttachSession, connection: HijackedConnection, keys: Uint8Array): Promise<void> {
  const never = new Promise<never>(() => undefined);
  const { stdin } = session;
  const filter = session.tty ? createDetachFilter(keys) : undefined;
  for await (const chunk of connection.input) {
    if (!stdin) continue;
    const { data, detached } = filter?.push(chunk) ?? { data: chunk, detached: false };
    await deliver(stdin, data);
    if (detached) return session.detached?.();
  }
  if (stdin) {
    await deliver(stdin, filter?.flush() ?? new Uint8Array());
    stdin.end();
  }
  return never;
}

/** A process that closed its stdin, or ended, is no failure of the session: its output still has to arrive. */
async function deliver(stdin: StdinWriter, data: Uint8Array): Promise<void> {
  if (data.length > 0) await stdin.write(data).catch(() => undefined);
}
