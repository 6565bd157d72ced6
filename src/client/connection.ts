import type { Endpoint, TlsOptions } from "./endpoint.ts";
import { ConnectionError, unreachable } from "./errors.ts";

/** Unread bytes at which the peer is made to wait. */
const highWater = 1 << 20;

/**
 * A byte stream to the daemon with back-pressure both ways and half-close.
 * `node:net` is not used: it adds 3 ms to the start of a process that makes one call.
 */
export class Connection implements Disposable {
  #socket: Bun.Socket<undefined> | undefined;
  #incoming: Uint8Array[] = [];
  #incomingBytes = 0;
  #pending: Uint8Array[] = [];
  #ended = false;
  #closed = false;
  #error: Error | undefined;
  #shutdownAsked = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriters: (() => void)[] = [];

  /** @throws ConnectionError with the text people know */
  static async open(endpoint: Endpoint): Promise<Connection> {
    const connection = new Connection();
    try {
      await connect(endpoint, connection.#handlers());
    } catch (error) {
      throw unreachable(endpoint, error);
    }
    return connection;
  }

  /** False once the peer has closed its side: such a connection is of no use for another request. */
  get usable(): boolean {
    return !this.#ended && !this.#closed && this.#incoming.length === 0;
  }

  /** Resolves when the bytes are handed to the kernel. @throws ConnectionError when the peer is gone */
  async write(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    if (this.#closed) throw this.#gone();
    const sent = this.#pending.length > 0 ? 0 : Math.max(this.#socket?.write(bytes) ?? 0, 0);
    if (sent >= bytes.length) return;
    this.#pending.push(bytes.subarray(sent));
    await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
    if (this.#pending.length > 0) throw this.#gone();
  }

  /** The next bytes, or undefined at the end of the stream. @throws ConnectionError on a broken one */
  async read(): Promise<Uint8Array | undefined> {
    while (this.#incoming.length === 0) {
      if (this.#error) throw this.#gone();
      if (this.#ended || this.#closed) return undefined;
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
    const chunk = this.#incoming.shift();
    this.#incomingBytes -= chunk?.length ?? 0;
    if (this.#incomingBytes < highWater / 2) this.#socket?.resume();
    return chunk;
  }

  /** Puts back what was read too far. */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#incoming.unshift(bytes);
    this.#incomingBytes += bytes.length;
  }

  /** Half-close: the peer sees the end of our bytes and may go on sending. */
  endWrite(): void {
    this.#shutdownAsked = true;
    if (this.#pending.length === 0) this.#socket?.shutdown();
  }

  [Symbol.dispose](): void {
    this.#socket?.terminate();
    this.#finish();
  }

  #handlers(): Bun.SocketHandler<undefined> {
    return {
      open: (socket) => void (this.#socket = socket),
      data: (_, chunk) => this.#receive(chunk),
      drain: () => this.#flush(),
      end: () => {
        this.#ended = true;
        this.#wake();
      },
      error: (_, error) => {
        this.#error = error;
        this.#finish();
      },
      close: () => this.#finish(),
    };
  }

  #receive(chunk: Uint8Array): void {
    this.#incoming.push(chunk);
    this.#incomingBytes += chunk.length;
    if (this.#incomingBytes > highWater) this.#socket?.pause();
    this.#wake();
  }

  #flush(): void {
    while (this.#pending.length > 0) {
      const head = this.#pending[0] ?? new Uint8Array();
      const sent = Math.max(this.#socket?.write(head) ?? 0, 0);
      if (sent < head.length) {
        this.#pending[0] = head.subarray(sent);
        return;
      }
      this.#pending.shift();
    }
    for (const wake of this.#wakeWriters.splice(0)) wake();
    if (this.#shutdownAsked) this.#socket?.shutdown();
  }

  #wake(): void {
    const wake = this.#wakeReader;
    this.#wakeReader = undefined;
    wake?.();
  }

  #finish(): void {
    this.#closed = true;
    this.#wake();
    for (const wake of this.#wakeWriters.splice(0)) wake();
  }

  #gone(): ConnectionError {
    return new ConnectionError("error during connect: the connection to the daemon was lost", { cause: this.#error });
  }
}

async function connect(endpoint: Endpoint, socket: Bun.SocketHandler<undefined>): Promise<void> {
  if (endpoint.kind === "unix") {
    await Bun.connect<undefined>({ unix: endpoint.path, allowHalfOpen: true, socket });
    return;
  }
  const { host: hostname, port, tls } = endpoint;
  const secure = tls ? { tls: tlsOf(hostname, tls) } : {};
  await Bun.connect<undefined>({ hostname, port, allowHalfOpen: true, socket, ...secure });
}

function tlsOf(host: string, { ca, cert, key, verify }: TlsOptions): Bun.TLSOptions {
  return {
    rejectUnauthorized: verify,
    serverName: host,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
