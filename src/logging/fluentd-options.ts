import { EngineError, formatDuration, parseDuration } from "#core";
import { parseSize } from "./config.ts";
import { parseHostPort } from "./syslog-options.ts";

/** Where and how `fluentd` sends. */
export interface FluentdOptions {
  readonly target: { readonly path: string } | { readonly host: string; readonly port: number };
  /** A start does not wait for the server. */
  readonly isAsync: boolean;
  /** The server answers each message (the forward protocol's `chunk`). */
  readonly wantsAck: boolean;
  /** Times in nanoseconds, not seconds. */
  readonly isPrecise: boolean;
}

/** @throws EngineError `invalid` with Docker's texts */
export function parseFluentdOptions(config: Readonly<Record<string, string>>): FluentdOptions {
  const target = parseAddress(config["fluentd-address"] ?? "");
  checkSize(config["fluentd-buffer-limit"]);
  checkDuration(config["fluentd-retry-wait"]);
  checkCount(config["fluentd-max-retries"]);
  checkReconnect(config["fluentd-async-reconnect-interval"]);
  checkWriteTimeout(config["fluentd-write-timeout"]);
  return {
    target,
    isAsync: bool(config["fluentd-async"]),
    wantsAck: bool(config["fluentd-request-ack"]),
    isPrecise: bool(config["fluentd-sub-second-precision"]),
  };
}

function parseAddress(address: string): FluentdOptions["target"] {
  if (address === "") return { host: "127.0.0.1", port: 24224 };
  const [, scheme = "tcp", rest = ""] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/i.exec(address) ?? [];
  const wrong = (why: string): EngineError => invalid(`invalid fluentd-address (${address}): ${why}`);
  if (scheme === "unix") {
    if (rest.replaceAll("/", "") === "") throw wrong("path is empty");
    return { path: rest };
  }
  if (scheme !== "tcp" && scheme !== "tls") throw wrong(`unsupported scheme: '${scheme}'`);
  if (scheme === "tls") throw wrong("tls is not supported");
  if (/^[^/]*\/./.test(rest)) throw wrong("should not contain a path element");
  try {
    return parseHostPort(rest.replace(/\/$/, ""), 24224);
  } catch (error) {
    throw error instanceof EngineError ? wrong(error.message) : error;
  }
}

function bool(text: string | undefined): boolean {
  if (text === undefined) return false;
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw invalid(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function checkSize(text: string | undefined): void {
  if (text !== undefined && parseSize(text) === undefined) throw invalid(`invalid size: '${text}'`);
}

function checkCount(text: string | undefined): void {
  if (text === undefined || /^\d+$/.test(text)) return;
  throw invalid(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function checkDuration(text: string | undefined): number {
  if (text === undefined) return 0;
  return parseDuration(text);
}

function checkReconnect(text: string | undefined): void {
  if (text === undefined) return;
  const prefix = "invalid value for fluentd-async-reconnect-interval: value";
  const ns = checkDuration(text);
  if (ns !== 0 && (ns < 1e8 || ns > 1e10))
    throw invalid(`${prefix} (${JSON.stringify(formatDuration(ns))}) must be between 100ms and 10s`);
}

function checkWriteTimeout(text: string | undefined): void {
  try {
    checkDuration(text);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw invalid(`invalid value for fluentd-write-timeout: value must be a duration: ${error.message}`);
  }
}

function invalid(message: string): EngineError {
  return new EngineError("invalid", message);
}
