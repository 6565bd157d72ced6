import { messageOf } from "#core";
import { describe, expect, test } from "bun:test";
import { checkLogConfig, effectiveLogConfig, fileBounds, parseSize, spoolBounds } from "./config.ts";
import { checkDriverOptions } from "./open-sink.ts";

const config = (text: string): { Type: string; Config: Record<string, string> } => {
  const [Type = "", ...options] = text.split(" ");
  return { Type, Config: Object.fromEntries(options.map((option) => option.split("=") as [string, string])) };
};

/** Asked of Docker 28.5. */
describe("refused at create", () => {
  test.each([
    ["local nope=1", "unknown log opt 'nope' for log driver local"],
    ["local tag=x", "unknown log opt 'tag' for log driver local"],
    ["json-file nope=1", "unknown log opt 'nope' for json-file log driver"],
    ["journald max-size=1", "unknown log opt 'max-size' for journald log driver"],
    ["nope nope=1", 'error looking up logging plugin nope: plugin "nope" not found'],
    ["toString", 'error looking up logging plugin toString: plugin "toString" not found'],
    ["json-file mode=x", "logger: logging mode not supported: x"],
    ["json-file max-buffer-size=1m", "logger: max-buffer-size option is only supported with 'mode=non-blocking'"],
    ["local mode=non-blocking max-buffer-size=x", "error parsing option max-buffer-size: invalid size: 'x'"],
    ["json-file cache-disabled=x", "invalid value for option cache-disabled: x"],
  ])("%s: %s", (text, message) => {
    expect(() => checkLogConfig(config(text))).toThrow(message);
  });

  test.each([
    ["syslog syslog-address=foo", "unsupported scheme: ''"],
    ["syslog syslog-address=http://x", "unsupported scheme: 'http'"],
    ["syslog syslog-address=unix:///nope", "stat /nope: no such file or directory"],
    ["syslog syslog-facility=nope", "invalid syslog facility"],
    ["syslog syslog-format=nope", "Invalid syslog format"],
    ["fluentd fluentd-address=foo://x", "invalid fluentd-address (foo://x): unsupported scheme: 'foo'"],
    ["fluentd fluentd-address=unix://", "invalid fluentd-address (unix://): path is empty"],
    [
      "fluentd fluentd-address=host:x",
      'invalid fluentd-address (host:x): parse "tcp://host:x": invalid port ":x" after host',
    ],
    ["fluentd fluentd-retry-wait=x", 'time: invalid duration "x"'],
    ["fluentd fluentd-max-retries=x", 'strconv.ParseUint: parsing "x": invalid syntax'],
    ["fluentd fluentd-buffer-limit=x", "invalid size: 'x'"],
    ["fluentd fluentd-async=x", 'strconv.ParseBool: parsing "x": invalid syntax'],
    [
      "fluentd fluentd-async-reconnect-interval=1h",
      'invalid value for fluentd-async-reconnect-interval: value ("1h0m0s") must be between 100ms and 10s',
    ],
    [
      "fluentd fluentd-write-timeout=x",
      'invalid value for fluentd-write-timeout: value must be a duration: time: invalid duration "x"',
    ],
  ])("%s: %s", async (text, message) => {
    const { Type, Config } = config(text);
    expect(await checkDriverOptions(Type, Config).then(() => "accepted", messageOf)).toBe(message);
  });
});

describe("refused at start", () => {
  test.each([
    ["json-file max-size=x", "invalid size: 'x'"],
    ["json-file max-size=10k max-file=-1", "max-file cannot be less than 1"],
    ["json-file compress=true", "compress cannot be true when max-file is less than 2 or max-size is not set"],
    ["local max-file=0", "compression cannot be enabled when max file count is 1"],
    ["local max-size=-1", "invalid value for max-size: -1: invalid size: '-1'"],
  ])("%s: %s", (text, message) => {
    checkLogConfig(config(text));
    expect(() => fileBounds(config(text))).toThrow(
      `failed to create task for container: failed to initialize logging driver: ${message}`,
    );
  });
});

test("the daemon's options hold for its own driver alone", () => {
  const daemon = { Type: "json-file", Config: { "max-size": "1m", "max-file": "2" } };
  expect(effectiveLogConfig(undefined, daemon)).toEqual(daemon);
  expect(effectiveLogConfig({ Type: "", Config: { "max-size": "2m" } }, daemon)).toEqual({
    Type: "json-file",
    Config: { "max-size": "2m", "max-file": "2" },
  });
  expect(effectiveLogConfig({ Type: "local", Config: null }, daemon)).toEqual({ Type: "local", Config: {} });
});

test("every driver's spool is bounded, unless json-file was told not to", () => {
  for (const type of ["local", "json-file", "none", "journald", "syslog", "fluentd"]) {
    const { maxBytes, maxFiles } = spoolBounds(config(type));
    expect(maxBytes * maxFiles).toBeLessThanOrEqual(100 * 1024 * 1024);
  }
  expect(spoolBounds(config("json-file max-size=-1")).maxBytes).toBe(Infinity);
});

test("sizes", () => {
  expect(["10", "10k", "1.5m", "20MB", "1gib", "x", "-1", "10 k"].map((text) => parseSize(text) ?? "none")).toEqual([
    10,
    10_240,
    1_572_864,
    20_971_520,
    1_073_741_824,
    "none",
    "none",
    10_240,
  ]);
});
