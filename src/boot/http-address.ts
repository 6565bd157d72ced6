import { isIPv4 } from "node:net";
import { EngineError } from "#core";

/** PEM texts of a server that lets in only clients whose certificate this authority signed. */
export interface MutualTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Where the API listens. */
export type HttpAddress =
  | {
      readonly kind: "unix";
      readonly path: string;
      /** Permission bits from the moment of bind; 0660 where absent. */
      readonly mode?: number;
      /** Name or number. `docker` may be missing on the host, another name may not. */
      readonly group?: string;
    }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls?: MutualTls }
  /** A socket that listens already, handed over by systemd. */
  | { readonly kind: "fd"; readonly fd: number };

/** What `--host` may leave out. */
export interface AddressDefaults {
  readonly path: string;
  readonly group?: string;
  readonly tls?: MutualTls;
  /** Descriptors of {@link activationFds}. */
  readonly fds: readonly number[];
}

/**
 * A `--host` of dockerd: `unix:///path`, `tcp://host:port`, `fd://` (every socket systemd passed) or `fd://3`.
 * @throws EngineError `invalid`
 */
export function parseHttpAddress(text: string, defaults: AddressDefaults): readonly HttpAddress[] {
  const group = defaults.group === undefined ? {} : { group: defaults.group };
  if (text.startsWith("unix://")) return [{ kind: "unix", path: text.slice(7) || defaults.path, ...group }];
  if (text.startsWith("fd://")) return parseFds(text, defaults.fds);
  if (text.startsWith("tcp://")) return [parseTcp(text, defaults.tls)];
  throw new EngineError("invalid", `invalid host ${JSON.stringify(text)}: must be unix://, tcp:// or fd://`);
}

function parseFds(text: string, fds: readonly number[]): readonly HttpAddress[] {
  const name = text.slice(5);
  const wanted = name === "" || name === "*" ? fds : fds.filter((fd) => fd === Number(name));
  if (wanted.length > 0) return wanted.map((fd) => ({ kind: "fd", fd }));
  throw new EngineError("invalid", `invalid host ${JSON.stringify(text)}: no such socket was passed by systemd`);
}

function parseTcp(text: string, tls: MutualTls | undefined): HttpAddress {
  const match = /^tcp:\/\/(\[[0-9a-fA-F:.]+\]|[^/:]*)(?::(\d{1,5}))?\/?$/.exec(text);
  const port = Number(match?.[2] ?? (tls ? 2376 : 2375));
  if (!match || port > 65535) throw new EngineError("invalid", `invalid host ${JSON.stringify(text)}`);
  const host = (match[1] || "127.0.0.1").replace(/^\[|\]$/g, "");
  const address = { kind: "tcp", host, port, ...(tls && { tls }) } as const;
  if (!tls && !isLoopback(host)) {
    throw new EngineError(
      "invalid",
      `refusing to listen on ${text} without verifying clients: whoever reaches it is root on this host; use --tlsverify with --tlscacert, --tlscert and --tlskey, or a loopback address`,
    );
  }
  return address;
}

/** True only where the kernel keeps other hosts out. */
export function isLoopback(host: string): boolean {
  return host === "::1" || host === "localhost" || (isIPv4(host) && host.startsWith("127."));
}

/** Descriptors of sd_listen_fds(3): `LISTEN_FDS` of them from 3 on, if `LISTEN_PID` names this process. */
export function activationFds(env: Readonly<Record<string, string | undefined>>, pid: number): readonly number[] {
  const count = Number(env["LISTEN_FDS"] ?? "0");
  if (Number(env["LISTEN_PID"]) !== pid || !Number.isInteger(count)) return [];
  return Array.from({ length: Math.max(count, 0) }, (_, at) => 3 + at);
}

/** As `--host` writes it. */
export function formatHttpAddress(address: HttpAddress): string {
  switch (address.kind) {
    case "unix":
      return `unix://${address.path}`;
    case "fd":
      return `fd://${address.fd}`;
    case "tcp":
      return `tcp://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
  }
}
