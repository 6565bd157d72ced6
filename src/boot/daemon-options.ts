import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { LogConfig } from "#logging";
import { EngineError, logLevels, type LogLevel } from "#core";
import type { CgroupDriver, RegisteredRuntime } from "#runtime";
import type { Ulimit } from "#spec";
import { cgroupDriverOf } from "./exec-options.ts";
import { registeredRuntimes } from "./runtime-options.ts";

/** What flags and daemon.json say, with defaults filled in. */
export interface DaemonOptions {
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly hosts: readonly string[];
  readonly pidFile: string | undefined;
  readonly group: string | undefined;
  readonly bridge: string;
  readonly bip: string;
  readonly logLevel: LogLevel;
  readonly debug: boolean;
  readonly defaultRuntime: string | undefined;
  /** By name, beyond those found on the host. */
  readonly runtimes: Readonly<Record<string, RegisteredRuntime>>;
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  readonly labels: readonly string[];
  readonly defaultUlimits: readonly Ulimit[];
  readonly logConfig: LogConfig;
  readonly init: boolean;
  /** As given; {@link userNamespaceOptions} reads them. */
  readonly usernsRemap: string | undefined;
  readonly usernsAutoRange: string | undefined;
  readonly favorDynMods: boolean;
  readonly cgroupDriver: CgroupDriver;
  readonly cgroupParent: string;
  readonly tls: TlsOptions | undefined;
  readonly help: boolean;
  readonly version: boolean;
}

/** Paths of PEM files; clients are always verified. */
export interface TlsOptions {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

interface Flag {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  /** In daemon.json, where it differs. */
  readonly key?: string;
}

/** Flags of dockerd that exist here. */
const flags: Readonly<Record<string, Flag>> = {
  "data-root": { type: "string" },
  "exec-root": { type: "string" },
  host: { type: "string", short: "H", multiple: true, key: "hosts" },
  pidfile: { type: "string", short: "p" },
  group: { type: "string", short: "G" },
  bridge: { type: "string", short: "b" },
  bip: { type: "string" },
  "log-level": { type: "string", short: "l" },
  debug: { type: "boolean", short: "D" },
  "default-runtime": { type: "string" },
  "add-runtime": { type: "string", multiple: true, key: "runtimes" },
  dns: { type: "string", multiple: true },
  "dns-search": { type: "string", multiple: true },
  "dns-opt": { type: "string", multiple: true, key: "dns-opts" },
  label: { type: "string", multiple: true, key: "labels" },
  "default-ulimit": { type: "string", multiple: true, key: "default-ulimits" },
  "log-driver": { type: "string" },
  "log-opt": { type: "string", multiple: true, key: "log-opts" },
  init: { type: "boolean" },
  "userns-remap": { type: "string" },
  "userns-auto-range": { type: "string" },
  "cgroup-favordynmods": { type: "boolean" },
  "cgroup-parent": { type: "string" },
  "exec-opt": { type: "string", multiple: true, key: "exec-opts" },
  tlsverify: { type: "boolean" },
  tlscacert: { type: "string" },
  tlscert: { type: "string" },
  tlskey: { type: "string" },
  "config-file": { type: "string" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
};

type FlagValue = string | boolean | readonly string[];
type Settings = Readonly<Record<string, unknown>>;

const defaultConfigFile = "/etc/lighter/daemon.json";

/** @throws EngineError `invalid` for unknown flags and keys, values of the wrong kind, and an option set in both places */
export function parseDaemonOptions(argv: readonly string[]): DaemonOptions {
  return readOptions(argv).options;
}

/** What daemon.json says now, of what needs no restart. @throws as {@link parseDaemonOptions}, of all its keys */
export function readReloadableOptions(argv: readonly string[]): Partial<Pick<DaemonOptions, "debug" | "labels">> {
  const { options, file } = readOptions(argv);
  const { debug, labels } = options;
  return { ...("debug" in file && { debug }), ...("labels" in file && { labels }) };
}

function readOptions(argv: readonly string[]): { readonly options: DaemonOptions; readonly file: Settings } {
  const given = parseFlags(argv);
  const file = readConfigFile(given["config-file"]);
  checkConflicts(given, file);
  const runtimes = registeredRuntimes(given["add-runtime"], file["runtimes"]);
  return { options: toOptions({ ...fromFile(file), ...given }, runtimes), file };
}

function parseFlags(argv: readonly string[]): Record<string, FlagValue> {
  const options = Object.fromEntries(Object.entries(flags).map(([name, { key: _key, ...option }]) => [name, option]));
  try {
    const { values } = parseArgs({
      args: [...argv],
      options,
      strict: true,
      allowPositionals: false,
      allowNegative: true,
    });
    return values as Record<string, FlagValue>;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const unknown = /^Unknown option '(-[^']*)'/.exec(text)?.[1];
    throw new EngineError("invalid", unknown === undefined ? text : `unknown flag: ${unknown}`, { cause: error });
  }
}

function readConfigFile(path: FlagValue | undefined): Settings {
  const name = typeof path === "string" ? path : defaultConfigFile;
  let text: string;
  try {
    text = readFileSync(name, "utf8");
  } catch (error) {
    if (path === undefined && (error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new EngineError("invalid", `unable to configure the daemon with file ${name}: ${String(error)}`, {
      cause: error,
    });
  }
  const parsed = parseJson(text, name);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new EngineError("invalid", `unable to configure the daemon with file ${name}: not a JSON object`);
  }
  return parsed as Settings;
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text.trim() === "" ? "{}" : text);
  } catch (error) {
    throw new EngineError("invalid", `unable to configure the daemon with file ${name}: ${String(error)}`, {
      cause: error,
    });
  }
}

function keyOf(name: string): string {
  return flags[name]?.key ?? name;
}

function checkConflicts(given: Record<string, FlagValue>, file: Settings): void {
  const known = new Map(Object.keys(flags).map((name) => [keyOf(name), name]));
  for (const key of Object.keys(file)) {
    const name = known.get(key);
    if (name === undefined) {
      throw new EngineError(
        "invalid",
        `unable to configure the daemon: the following directives don't match any configuration option: ${key}`,
      );
    }
    if (given[name] === undefined || key === "runtimes") continue;
    throw new EngineError(
      "invalid",
      `unable to configure the daemon: the following directives are specified both as a flag and in the configuration file: ${key}: (from flag: ${String(given[name])}, from file: ${String(file[key])})`,
    );
  }
}

/** daemon.json's values under their flags' names; `runtimes` and `default-ulimits` are objects there. */
function fromFile(file: Settings): Settings {
  return Object.fromEntries(
    Object.keys(flags).flatMap((name) => (keyOf(name) in file ? [[name, file[keyOf(name)]]] : [])),
  );
}

function toOptions(settings: Settings, runtimes: DaemonOptions["runtimes"]): DaemonOptions {
  const execRoot = absolute(textOf(settings, "exec-root") ?? "/run/lighter", "exec-root");
  const hosts = list(settings, "host");
  return {
    dataRoot: absolute(textOf(settings, "data-root") ?? "/var/lib/lighter", "data-root"),
    execRoot,
    hosts: hosts.length > 0 ? hosts : ["unix:///run/lighter/lighter.sock"],
    pidFile: textOf(settings, "pidfile"),
    group: textOf(settings, "group"),
    bridge: bridgeName(textOf(settings, "bridge") ?? "lighter0"),
    bip: bridgeAddress(textOf(settings, "bip") ?? "172.17.0.1/16"),
    logLevel: flag(settings, "debug") ? "debug" : logLevel(textOf(settings, "log-level") ?? "info"),
    debug: flag(settings, "debug"),
    defaultRuntime: textOf(settings, "default-runtime"),
    runtimes,
    dns: list(settings, "dns"),
    dnsSearch: list(settings, "dns-search"),
    dnsOptions: list(settings, "dns-opt"),
    labels: list(settings, "label"),
    defaultUlimits: ulimits(settings["default-ulimit"]),
    logConfig: logConfig(settings),
    init: flag(settings, "init"),
    usernsRemap: textOf(settings, "userns-remap"),
    usernsAutoRange: textOf(settings, "userns-auto-range"),
    favorDynMods: settings["cgroup-favordynmods"] !== false,
    cgroupDriver: cgroupDriverOf(list(settings, "exec-opt")),
    cgroupParent: textOf(settings, "cgroup-parent") ?? "",
    tls: tlsOptions(settings),
    help: flag(settings, "help"),
    version: flag(settings, "version"),
  };
}

/** `log-opts` is an object in daemon.json. What the driver says to them is seen when the engine opens. */
function logConfig(settings: Settings): LogConfig {
  const given = settings["log-opt"] ?? [];
  const entries = Array.isArray(given)
    ? list(settings, "log-opt").map((option) => keyValue(option, "log-opt"))
    : Object.entries(given).map(([name, value]): [string, string] => {
        if (typeof value !== "string") throw wrongKind(`log-opts.${name}`, value);
        return [name, value];
      });
  return { Type: textOf(settings, "log-driver") ?? "json-file", Config: Object.fromEntries(entries) };
}

function keyValue(text: string, name: string): [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new EngineError(
    "invalid",
    `invalid argument ${JSON.stringify(text)} for "--${name}" flag: invalid key/value: ${text}`,
  );
}

function textOf(settings: Settings, name: string): string | undefined {
  const value = settings[name];
  if (value === undefined || typeof value === "string") return value;
  throw wrongKind(name, value);
}

function flag(settings: Settings, name: string): boolean {
  const value = settings[name] ?? false;
  if (typeof value === "boolean") return value;
  throw wrongKind(name, value);
}

function list(settings: Settings, name: string): readonly string[] {
  const value = settings[name] ?? [];
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw wrongKind(name, value);
}

function wrongKind(name: string, value: unknown): EngineError {
  return new EngineError("invalid", `invalid value for ${name}: ${JSON.stringify(value)}`);
}

function absolute(path: string, name: string): string {
  if (path.startsWith("/")) return path.replace(/(?<=.)\/+$/, "");
  throw new EngineError("invalid", `invalid value for ${name}: ${path}: must be an absolute path`);
}

function bridgeName(name: string): string {
  if (/^[A-Za-z0-9_.-]{1,15}$/.test(name)) return name;
  throw new EngineError("invalid", `invalid bridge name ${JSON.stringify(name)}`);
}

function bridgeAddress(address: string): string {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(address);
  const [, ...parts] = match?.map(Number) ?? [];
  const prefix = parts[4] ?? 0;
  if (match && parts.slice(0, 4).every((part) => part <= 255) && prefix >= 8 && prefix <= 30) return address;
  throw new EngineError("invalid", `invalid CIDR address: ${address}`);
}

function logLevel(name: string): LogLevel {
  const level = logLevels.find((known) => known === name);
  if (level === undefined) throw new EngineError("invalid", `invalid logging level: ${name}`);
  return level;
}

/** `name=soft[:hard]` of the flag, or Docker's objects of daemon.json. */
function ulimits(value: unknown): readonly Ulimit[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.map((entry: unknown) => parseUlimit(String(entry)));
  if (typeof value !== "object" || value === null) throw wrongKind("default-ulimits", value);
  return Object.entries(value).map(([Name, limit]) => {
    const { Soft, Hard } = limit as { readonly Soft?: unknown; readonly Hard?: unknown };
    if (typeof Soft !== "number" || typeof Hard !== "number") throw wrongKind(`default-ulimits.${Name}`, limit);
    return { Name, Soft, Hard };
  });
}

function parseUlimit(entry: string): Ulimit {
  const match = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(entry);
  if (!match) throw new EngineError("invalid", `invalid ulimit argument: ${entry}`);
  const [, Name = "", soft = "", hard = soft] = match;
  return { Name, Soft: Number(soft), Hard: Number(hard) };
}

function tlsOptions(settings: Settings): TlsOptions | undefined {
  const [ca, cert, key] = [textOf(settings, "tlscacert"), textOf(settings, "tlscert"), textOf(settings, "tlskey")];
  if (!flag(settings, "tlsverify")) {
    if (ca ?? cert ?? key)
      throw new EngineError("invalid", "tlscacert, tlscert and tlskey need tlsverify: clients are always verified");
    return undefined;
  }
  if (ca === undefined || cert === undefined || key === undefined) {
    throw new EngineError("invalid", "tlsverify needs tlscacert, tlscert and tlskey");
  }
  return { ca, cert, key };
}

/** For `lighter daemon --help`. */
export function daemonUsage(): string {
  const lines = Object.entries(flags).map(([name, option]) => {
    const short = option.short === undefined ? "    " : `-${option.short}, `;
    const kind = option.type === "boolean" ? "" : option.multiple ? " list" : " string";
    return `  ${short}--${name}${kind}`;
  });
  return `Usage:  lighter daemon [OPTIONS]\n\nThe engine: serves the Docker Engine API\n\nOptions:\n${lines.join("\n")}\n`;
}
