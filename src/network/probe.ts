import { closeSync, openSync } from "node:fs";
import { EngineError } from "#core";
import { connectTcp, inNetworkNamespace, SyscallError, type TcpSocket } from "#linux";

/** A server to be reached from inside a network namespace. */
export interface ProbeOptions {
  /** Path of the namespace, such as `/proc/<pid>/ns/net`. */
  readonly namespace: string;
  /** Tried in this order. */
  readonly addresses: readonly string[];
  readonly port: number;
}

export interface HttpProbeOptions extends ProbeOptions {
  readonly host: string;
  readonly path: string;
}

/** Longest status line that is read. */
const maxLineBytes = 1024;
/** Between two looks at a socket: short at first, since most answers come at once. */
const pollMs = { first: 1, last: 20 } as const;

/** Connects and closes. @returns words for the result @throws EngineError when nobody answers, or the signal aborts */
export async function probeTcp(options: ProbeOptions, signal: AbortSignal): Promise<string> {
  using connection = await connect(options, signal);
  return `connected to ${connection.peer}`;
}

/** Asks with GET, reads the status line and closes. @throws EngineError when nobody answers HTTP, or the signal aborts */
export async function probeHttp(
  options: HttpProbeOptions,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly line: string }> {
  using connection = await connect(options, signal);
  const request = `GET ${options.path} HTTP/1.1\r\nHost: ${options.host}\r\nUser-Agent: lighter-health\r\nAccept: */*\r\nConnection: close\r\n\r\n`;
  const { socket, peer } = connection;
  await blaming(peer, async () => sendAll(socket, Buffer.from(request), signal));
  const line = await blaming(peer, async () => readLine(socket, signal));
  const status = /^HTTP\/\d(?:\.\d)? (\d{3})(?: |$)/.exec(line)?.[1];
  if (status === undefined) throw new EngineError("unavailable", `${peer}: no HTTP answer: ${JSON.stringify(line)}`);
  return { status: Number(status), line };
}

interface Connection extends Disposable {
  readonly socket: TcpSocket;
  readonly peer: string;
}

/** The first address that answers; the last one's error when none does. */
async function connect({ namespace, addresses, port }: ProbeOptions, signal: AbortSignal): Promise<Connection> {
  let failure: unknown = new EngineError("invalid", "no address to connect to");
  for (const address of addresses) {
    const peer = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    try {
      const socket = await blaming(peer, async () => connectIn(namespace, address, port, signal));
      return { socket, peer, [Symbol.dispose]: () => socket[Symbol.dispose]() };
    } catch (error) {
      if (signal.aborted) throw error;
      failure = addresses[0] === address ? error : failure;
    }
  }
  throw failure;
}

async function connectIn(namespace: string, address: string, port: number, signal: AbortSignal): Promise<TcpSocket> {
  using stack = new DisposableStack();
  const socket = stack.use(openIn(namespace, () => connectTcp(address, port)));
  await until(() => socket.isConnected() || undefined, signal);
  stack.move();
  return socket;
}

function openIn<T>(namespace: string, open: () => T): T {
  const fd = openSync(namespace, "r");
  try {
    return inNetworkNamespace(fd, open);
  } finally {
    closeSync(fd);
  }
}

async function sendAll(socket: TcpSocket, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  let sent = 0;
  await until(() => ((sent += socket.send(bytes.subarray(sent))) === bytes.length ? true : undefined), signal);
}

async function readLine(socket: TcpSocket, signal: AbortSignal): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(maxLineBytes);
  while (!text.includes("\n") && text.length < maxLineBytes) {
    const part = await until(() => socket.receive(buffer), signal);
    if (part.length === 0) break;
    text += Buffer.from(part).toString("latin1");
  }
  return (text.split("\n", 1)[0] ?? "").trimEnd();
}

/** Asks again and again until there is an answer. @throws EngineError `unavailable` when the signal aborts */
async function until<T>(ask: () => T | undefined, signal: AbortSignal): Promise<T> {
  for (let waitMs: number = pollMs.first; ; waitMs = Math.min(waitMs * 2, pollMs.last)) {
    const answer = ask();
    if (answer !== undefined) return answer;
    if (signal.aborted) throw new EngineError("unavailable", "no answer");
    await Bun.sleep(waitMs);
  }
}

async function blaming<T>(peer: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof SyscallError || error instanceof EngineError)
      throw new EngineError("unavailable", `${peer}: ${error.message}`, { cause: error });
    // The namespace goes with its container.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new EngineError("unavailable", `${peer}: the container is gone`, { cause: error });
  }
}
