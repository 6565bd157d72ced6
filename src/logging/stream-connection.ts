import { connect as connectTcp, type Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";

export type StreamTarget =
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly tls?: ConnectionOptions };

/** A connection to a log server. Whoever uses it opens another after an error. */
export class StreamConnection implements Disposable {
  readonly #socket: Socket;
  #failure: Error | undefined;
  #reader: ((bytes: Buffer) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", (error) => (this.#failure = error));
    socket.on("close", () => (this.#failure ??= new Error("the log server closed the connection")));
    // Unread answers would keep the end of the connection from being seen.
    socket.on("data", (bytes: Buffer) => this.#reader?.(bytes));
  }

  /** @throws Error as the socket gave it */
  static async open(target: StreamTarget): Promise<StreamConnection> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = await connect(target, resolve);
    socket.once("error", reject);
    try {
      await promise;
    } catch (error) {
      socket.destroy();
      throw error;
    }
    socket.off("error", reject);
    socket.unref();
    return new StreamConnection(socket);
  }

  [Symbol.dispose](): void {
    this.#socket.end();
    this.#socket.destroySoon();
  }

  /** Resolves once the kernel has all of it. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const onClose = (): void => reject(this.#failure ?? new Error("the log server closed the connection"));
      this.#socket.once("close", onClose);
      this.#socket.write(bytes, (error) => {
        this.#socket.off("close", onClose);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Hands what the server says to `read` until it returns a value. */
  async answer<T>(read: (bytes: Buffer) => T | undefined): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const onClose = (): void => reject(this.#failure ?? new Error("the log server closed the connection"));
    this.#socket.once("close", onClose);
    this.#reader = (bytes) => {
      const found = read(bytes);
      if (found !== undefined) resolve(found);
    };
    try {
      return await promise;
    } finally {
      this.#reader = undefined;
      this.#socket.off("close", onClose);
    }
  }
}

async function connect(target: StreamTarget, connected: () => void): Promise<Socket> {
  if ("path" in target) return connectTcp({ path: target.path }, connected);
  const { host, port, tls } = target;
  if (tls === undefined) return connectTcp({ host, port }, connected);
  const { connect: connectTls } = await import("node:tls");
  return connectTls({ host, port, servername: host, ...tls }, connected);
}

/** Go's words for a connection that nobody took. */
export function dialError(network: string, address: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: "connection refused",
    ENOENT: "no such file or directory",
    EHOSTUNREACH: "no route to host",
    ENETUNREACH: "network is unreachable",
    ETIMEDOUT: "i/o timeout",
  };
  const reason = reasons[code];
  const text = error instanceof Error ? error.message : String(error);
  return `dial ${network} ${address}: ${reason === undefined ? text : `connect: ${reason}`}`;
}
