import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { sendUnixDatagram } from "#linux";
import { formatRfc3339Nano } from "#core";
import { initError, parseBool } from "./config.ts";
import type { LogMessage } from "./message.ts";
import type { LogSink } from "./sink.ts";
import { dialError, StreamConnection, type StreamTarget } from "./stream-connection.ts";
import { tagOf, type LogSubject } from "./subject.ts";
import { parseSyslogOptions, type SyslogOptions, type SyslogTarget } from "./syslog-options.ts";

const [errorLevel, infoLevel] = [3, 6];
const fullQueueMs = 10;

/** Sends finished messages, each in a frame of its own. */
interface Transport extends Disposable {
  send(messages: readonly string[]): Promise<void>;
}

/**
 * @param localSockets tried in turn where no address was given
 * @throws EngineError as Docker's when nobody listens
 */
export async function openSyslog(subject: LogSubject, localSockets: readonly string[]): Promise<LogSink> {
  const { Config } = subject.config;
  const options = parseSyslogOptions(Config);
  const format = formatter(options, await tagOf(subject));
  const transport = await openTransport(options, Config, localSockets);
  return {
    write: (messages) => transport.send(messages.filter(({ text }) => text.length > 0).map(format)),
    state: () => undefined,
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  };
}

/** Lines end with a newline in every transport, as Docker's do. */
function formatter({ format, facility }: SyslogOptions, tag: string): (message: LogMessage) => string {
  const host = hostname();
  return ({ stream, text, timeNs }) => {
    const priority = facility + (stream === "stdout" ? infoLevel : errorLevel);
    const content = text.toString("utf8");
    switch (format) {
      case "local":
        return `<${priority}>${stamp(timeNs)} ${tag}[${process.pid}]: ${content}\n`;
      case "rfc3164":
        return `<${priority}>${stamp(timeNs)} ${host} ${tag}[${process.pid}]: ${content}\n`;
      case "rfc5424":
        return `<${priority}>1 ${isoSeconds(timeNs, 0)} ${host} ${tag} ${process.pid} ${tag} - ${content}\n`;
      case "rfc5424micro":
        return `<${priority}>1 ${isoSeconds(timeNs, 6)} ${host} ${tag} ${process.pid} ${tag} - ${content}\n`;
    }
  };
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** `Nov  3 04:05:06`, local time (RFC 3164, 4.1.2). */
function stamp(timeNs: bigint): string {
  const date = new Date(Number(timeNs / 1_000_000n));
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0"));
  return `${months[date.getMonth()] ?? ""} ${String(date.getDate()).padStart(2, " ")} ${clock.join(":")}`;
}

function isoSeconds(timeNs: bigint, digits: number): string {
  const text = formatRfc3339Nano(timeNs);
  return `${text.slice(0, digits === 0 ? 19 : 20 + digits)}Z`;
}

async function openTransport(
  options: SyslogOptions,
  config: Readonly<Record<string, string>>,
  localSockets: readonly string[],
): Promise<Transport> {
  const { target } = options;
  switch (target.kind) {
    case "local":
      return openLocal(localSockets);
    case "unixgram":
      return datagrams(target.path);
    case "udp":
      return openUdp(target);
    case "unix":
      return openStream({ path: target.path }, "unix", target.path, plainFrame);
    case "tcp":
      return openStream(target, "tcp", `${target.host}:${target.port}`, plainFrame);
    case "tcp+tls": {
      const counted = options.format.startsWith("rfc5424");
      const stream = { host: target.host, port: target.port, tls: tlsOptions(config) };
      return openStream(stream, "tcp", `${target.host}:${target.port}`, counted ? countedFrame : plainFrame);
    }
  }
}

async function openLocal(sockets: readonly string[]): Promise<Transport> {
  for (const path of sockets) {
    try {
      sendUnixDatagram(path, new Uint8Array());
      return datagrams(path);
    } catch {
      // Not there, or a stream: the next one may be it.
    }
    try {
      return await openStream({ path }, "unix", path, plainFrame);
    } catch {
      // The last failure is told below.
    }
  }
  throw initError("Unix syslog delivery error");
}

function datagrams(path: string): Transport {
  return {
    async send(messages) {
      for (const message of messages) {
        while (!sendUnixDatagram(path, Buffer.from(message))) await Bun.sleep(fullQueueMs);
      }
    },
    [Symbol.dispose]: () => undefined,
  };
}

async function openUdp({ host, port }: Extract<SyslogTarget, { kind: "udp" | "tcp" | "tcp+tls" }>): Promise<Transport> {
  const { createSocket } = await import("node:dgram");
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.unref();
  // Nobody listening is no failure of a datagram.
  socket.on("error", () => undefined);
  return {
    async send(messages) {
      for (const message of messages) {
        await new Promise<void>((resolve) => socket.send(message, port, host, () => resolve()));
      }
    },
    [Symbol.dispose]: () => void socket.close(),
  };
}

async function openStream(
  target: StreamTarget,
  network: string,
  address: string,
  frame: (message: string) => string,
): Promise<Transport> {
  const connection = await StreamConnection.open(target).catch((error: unknown) => {
    throw initError(dialError(network, address, error));
  });
  return {
    async send(messages) {
      if (messages.length > 0) await connection.write(Buffer.from(messages.map(frame).join("")));
    },
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}

function plainFrame(message: string): string {
  return message;
}

/** RFC 5425, 4.3: octet counting. */
function countedFrame(message: string): string {
  return `${Buffer.byteLength(message)} ${message}`;
}

function tlsOptions(
  config: Readonly<Record<string, string>>,
): NonNullable<Extract<StreamTarget, { host: string }>["tls"]> {
  const file = (name: string): Buffer | undefined => {
    const path = config[`syslog-tls-${name}`] ?? "";
    return path === "" ? undefined : readFileSync(path);
  };
  const [ca, cert, key] = [file("ca-cert"), file("cert"), file("key")];
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    rejectUnauthorized: parseBool(config["syslog-tls-skip-verify"] ?? "") !== true,
  };
}
