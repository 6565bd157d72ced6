import { EngineError } from "#core";
import type { LogBounds } from "./rotate.ts";

/** `HostConfig.LogConfig` with nothing left out. */
export interface LogConfig {
  readonly Type: string;
  readonly Config: Readonly<Record<string, string>>;
}

const attributes = ["labels", "labels-regex", "env", "env-regex"];

/** Every driver with the options it takes; the empty list of `none` means that it does not look at them, as in Docker. */
const drivers: Readonly<Record<string, readonly string[]>> = {
  fluentd: [
    ...attributes,
    "tag",
    "fluentd-address",
    "fluentd-async",
    "fluentd-async-reconnect-interval",
    "fluentd-buffer-limit",
    "fluentd-max-retries",
    "fluentd-request-ack",
    "fluentd-retry-wait",
    "fluentd-sub-second-precision",
    "fluentd-write-timeout",
  ],
  journald: [...attributes, "tag"],
  "json-file": [...attributes, "tag", "max-size", "max-file", "compress"],
  local: ["max-size", "max-file", "compress"],
  none: [],
  syslog: [
    ...attributes,
    "tag",
    "syslog-address",
    "syslog-facility",
    "syslog-format",
    "syslog-tls-ca-cert",
    "syslog-tls-cert",
    "syslog-tls-key",
    "syslog-tls-skip-verify",
  ],
};

/** As `info` tells them. */
export const logDrivers = Object.keys(drivers).filter((name) => name !== "none");

/** Of any driver: how Docker buffers and caches, which the spool does here. */
const commonOptions = [
  "mode",
  "max-buffer-size",
  "cache-disabled",
  "cache-max-size",
  "cache-max-file",
  "cache-compress",
];

/** What a container gets that asked for this: the daemon's driver by default, and its options where the driver is the same. */
export function effectiveLogConfig(
  asked: { readonly Type?: string; readonly Config?: Readonly<Record<string, string>> | null } | undefined,
  byDefault: LogConfig,
): LogConfig {
  const Type = asked?.Type || byDefault.Type;
  const own = asked?.Config ?? {};
  return { Type, Config: Type === byDefault.Type ? { ...byDefault.Config, ...own } : own };
}

/** What Docker refuses at create. @throws EngineError `invalid` */
export function checkLogConfig({ Type, Config }: LogConfig): void {
  if (Type === "none") return;
  checkCommon(Config);
  const known = Object.hasOwn(drivers, Type) ? drivers[Type] : undefined;
  if (known === undefined) throw invalid(`error looking up logging plugin ${Type}: plugin "${Type}" not found`);
  for (const option of Object.keys(Config)) {
    if (known.includes(option) || commonOptions.includes(option)) continue;
    const name = Type === "local" ? "log driver local" : `${Type} log driver`;
    throw invalid(`unknown log opt '${option}' for ${name}`);
  }
}

function checkCommon(config: LogConfig["Config"]): void {
  const { mode = "", "max-buffer-size": buffer, "cache-disabled": disabled } = config;
  if (!["", "blocking", "non-blocking"].includes(mode)) throw invalid(`logger: logging mode not supported: ${mode}`);
  if (buffer !== undefined) {
    if (mode !== "non-blocking")
      throw invalid("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
    if (parseSize(buffer) === undefined)
      throw invalid(`error parsing option max-buffer-size: invalid size: '${buffer}'`);
  }
  if (disabled !== undefined && parseBool(disabled) === undefined)
    throw invalid(`invalid value for option cache-disabled: ${disabled}`);
}

function invalid(message: string): EngineError {
  return new EngineError("invalid", message);
}

const standardSize = 20 * 1024 * 1024;
const standardFiles = 5;

/** Bounds of what `local` and `json-file` write: 5 files of 20 MB where nothing else was said. */
export interface FileBounds {
  /** Infinite: never rotated. */
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly compress: boolean;
}

/** @throws EngineError with Docker's words for values that its driver refuses at start */
export function fileBounds({ Type, Config }: LogConfig): FileBounds {
  const { "max-size": size, "max-file": files } = Config;
  const maxFiles = files === undefined ? standardFiles : parseCount(files);
  const compress = Config["compress"] === undefined ? undefined : requireBool(Config["compress"]);
  if (Type === "json-file" && maxFiles < 1) throw initError("max-file cannot be less than 1");
  if (Type === "local") checkLocal(size, maxFiles, compress);
  if (Type === "json-file" && compress === true && (size === undefined || files === undefined || maxFiles < 2))
    throw initError("compress cannot be true when max-file is less than 2 or max-size is not set");
  return {
    maxBytes: size === undefined ? standardSize : maxBytesOf(size),
    maxFiles: Math.max(1, maxFiles),
    compress: compress ?? Type === "local",
  };
}

function checkLocal(size: string | undefined, maxFiles: number, compress: boolean | undefined): void {
  if (maxFiles < 0) throw initError(`invalid value for max-file: ${maxFiles}`);
  if (compress !== false && maxFiles <= 1) throw initError("compression cannot be enabled when max file count is 1");
  if (size !== undefined && parseSize(size) === undefined)
    throw initError(`invalid value for max-size: ${size}: invalid size: '${size}'`);
}

/** `-1` is how json-file says that it is never rotated. */
function maxBytesOf(size: string): number {
  if (size === "-1") return Infinity;
  const bytes = parseSize(size);
  if (bytes === undefined) throw initError(`invalid size: '${size}'`);
  return bytes === 0 ? Infinity : bytes;
}

function parseCount(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw initError(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** @throws EngineError as Go's strconv tells it */
function requireBool(text: string): boolean {
  const value = parseBool(text);
  if (value === undefined) throw initError(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
  return value;
}

export function parseBool(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
}

const units: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };

/** `10k`, `1.5m`, `20MB`: bytes, in powers of 1024. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text);
  if (match === null) return undefined;
  return Math.trunc(Number(match[1]) * (units[(match[2] ?? "").toLowerCase()] ?? 1));
}

/** Why a driver could not begin; a container's start fails with it. */
export function initError(why: string): EngineError {
  return new EngineError(
    "internal",
    `failed to create task for container: failed to initialize logging driver: ${why}`,
  );
}

const smallestSpool = 1024 * 1024;
const noneBounds: LogBounds = { maxBytes: 64 * 1024, maxFiles: 2, compress: false };

/** Of the spool, from which `logs` and attach read and drivers forward. @throws EngineError, see {@link fileBounds} */
export function spoolBounds(config: LogConfig): LogBounds {
  if (config.Type === "none") return noneBounds;
  if (config.Type === "local" || config.Type === "json-file") {
    const { maxBytes, maxFiles, compress } = fileBounds(config);
    if (config.Type === "local") return { maxBytes, maxFiles: Math.max(2, maxFiles), compress };
    // Its own files are as small as they were asked to be; the forwarder needs room to catch up.
    return { maxBytes: Math.max(maxBytes, smallestSpool), maxFiles: Math.max(2, maxFiles), compress: false };
  }
  const { "cache-max-size": size, "cache-max-file": files, "cache-compress": compress } = config.Config;
  return {
    maxBytes: size === undefined ? standardSize : maxBytesOf(size),
    maxFiles: Math.max(2, files === undefined ? standardFiles : parseCount(files)),
    compress: compress === undefined ? true : requireBool(compress),
  };
}
