import { statSync } from "node:fs";
import { EngineError } from "#core";

/** Where and how `syslog` sends. */
export interface SyslogOptions {
  readonly target: SyslogTarget;
  /** Already shifted into its place of the priority (RFC 5424, 6.2.1). */
  readonly facility: number;
  readonly format: "local" | "rfc3164" | "rfc5424" | "rfc5424micro";
}

export type SyslogTarget =
  /** Whatever listens on this host. */
  | { readonly kind: "local" }
  | { readonly kind: "unix" | "unixgram"; readonly path: string }
  | { readonly kind: "udp" | "tcp" | "tcp+tls"; readonly host: string; readonly port: number };

const facilities =
  "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp - - - - local0 local1 local2 local3 local4 local5 local6 local7".split(
    " ",
  );

/** @throws EngineError `invalid` with Docker's texts */
export function parseSyslogOptions(config: Readonly<Record<string, string>>): SyslogOptions {
  return {
    target: parseTarget(config["syslog-address"] ?? ""),
    facility: parseFacility(config["syslog-facility"] ?? ""),
    format: parseFormat(config["syslog-format"] ?? ""),
  };
}

function parseTarget(address: string): SyslogTarget {
  if (address === "") return { kind: "local" };
  const [, scheme = "", rest = ""] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/i.exec(address) ?? [];
  if (scheme === "unix" || scheme === "unixgram") {
    if (!statSync(rest, { throwIfNoEntry: false })) throw invalid(`stat ${rest}: no such file or directory`);
    return { kind: scheme, path: rest };
  }
  if (scheme !== "udp" && scheme !== "tcp" && scheme !== "tcp+tls") throw invalid(`unsupported scheme: '${scheme}'`);
  const { host, port } = parseHostPort(rest, 514);
  return { kind: scheme, host, port };
}

/** @throws EngineError `invalid` for a port that is no number */
export function parseHostPort(text: string, defaultPort: number): { readonly host: string; readonly port: number } {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(text);
  const port = match?.[2] ?? String(defaultPort);
  if (!/^\d{1,5}$/.test(port) || match === null)
    throw invalid(`parse "tcp://${text}": invalid port ":${port}" after host`);
  return { host: (match[1] || "127.0.0.1").replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

function parseFacility(name: string): number {
  if (name === "") return facilities.indexOf("daemon") * 8;
  const number = /^\d+$/.test(name) ? Number(name) : facilities.indexOf(name);
  if (number < 0 || number > 23 || name === "-") throw invalid("invalid syslog facility");
  return number * 8;
}

function parseFormat(name: string): SyslogOptions["format"] {
  if (name === "") return "local";
  if (name === "rfc3164" || name === "rfc5424" || name === "rfc5424micro") return name;
  throw invalid("Invalid syslog format");
}

function invalid(message: string): EngineError {
  return new EngineError("invalid", message);
}
