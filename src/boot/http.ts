import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createSocketServer, type AddressInfo, type Server as SocketServer } from "node:net";
import type { Duplex } from "node:stream";
import { EngineError, messageOf, type Logger } from "#core";
import type { Api } from "#api";
import { formatHttpAddress, isLoopback, type HttpAddress, type MutualTls } from "./http-address.ts";
import { listenUnix } from "./http-bind.ts";
import { exchange } from "./http-exchange.ts";
import { serveUpgrade } from "./http-upgrade.ts";

export interface ServeHttpOptions {
  readonly api: Api;
  readonly listen: HttpAddress;
  readonly logger: Logger;
}

/** A listening server. Disposing stops it and cuts every connection, sessions too. */
export interface HttpListener extends AsyncDisposable {
  /** As `--host` writes it, with the port the kernel chose. */
  readonly address: string;
}

/**
 * Serves the API on a unix socket, TCP or a socket of systemd.
 * @throws EngineError `invalid` for TCP beyond loopback that does not verify its clients, `conflict` for a path in use
 */
export async function serveHttp({ api, listen, logger }: ServeHttpOptions): Promise<HttpListener> {
  if (listen.kind === "tcp" && !listen.tls && !isLoopback(listen.host)) {
    throw new EngineError("invalid", `refusing to listen on ${formatHttpAddress(listen)} without verifying clients`);
  }
  const server = createHttpServer(listen.kind === "tcp" ? listen.tls : undefined);
  const sessions = attachApi(server, { api, logger, bodyInHead: listen.kind === "fd" });
  const acceptor = listen.kind === "fd" ? acceptFor(server, sessions) : server;
  const address = await bind(acceptor, listen, logger);
  return {
    address,
    async [Symbol.asyncDispose]() {
      if (!acceptor.listening) return;
      const closed = once(acceptor, "close");
      acceptor.close();
      for (const socket of sessions) socket.destroy();
      server.closeAllConnections();
      await closed;
    },
  };
}

function createHttpServer(tls: MutualTls | undefined): Server {
  const server = tls ? createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: true }) : createServer();
  // Sessions, waits and event streams are silent for days.
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.keepAliveTimeout = 0;
  server.timeout = 0;
  return server;
}

interface ApiHost {
  readonly api: Api;
  readonly logger: Logger;
  readonly bodyInHead: boolean;
}

/** @returns the sockets that left HTTP; the server no longer knows them. */
function attachApi(server: Server, { api, logger, bodyInHead }: ApiHost): Set<Duplex> {
  const sessions = new Set<Duplex>();
  server.on("request", (message, response) => exchange(api, message, response, logger));
  server.on("upgrade", (message, socket, head) => {
    sessions.add(socket);
    socket.once("close", () => sessions.delete(socket));
    serveUpgrade(api, { message, socket, head, bodyInHead }, logger).catch((error: unknown) => {
      if (!socket.destroyed) logger.log("warn", messageOf(error), { target: message.url });
      socket.destroy();
    });
  });
  return sessions;
}

/** node:http of Bun cannot listen on a descriptor; its sockets can, and the HTTP server takes their connections. */
function acceptFor(server: Server, connections: Set<Duplex>): SocketServer {
  return createSocketServer({ allowHalfOpen: true }, (socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
    server.emit("connection", socket);
  });
}

async function bind(server: SocketServer, listen: HttpAddress, logger: Logger): Promise<string> {
  if (listen.kind === "unix") {
    const { path, mode = 0o660, group } = listen;
    await listenUnix(server, { path, mode, ...(group !== undefined && { group }) }, logger);
    return formatHttpAddress(listen);
  }
  const listening = once(server, "listening");
  if (listen.kind === "fd") server.listen({ fd: listen.fd });
  else server.listen(listen.port, listen.host);
  await listening;
  if (listen.kind === "fd") return formatHttpAddress(listen);
  return formatHttpAddress({ ...listen, port: (server.address() as AddressInfo).port });
}
