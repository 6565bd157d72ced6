import { bool, checkedList, string, type FlagSet } from "./framework/flags.ts";

/** Flags in front of the command. */
export const globalFlags = {
  config: string("Directory of the client's configuration"),
  context: string("Context to use, before DOCKER_HOST and the current context", { short: "c" }),
  debug: bool("Show debug messages", { short: "D" }),
  host: checkedList("Daemon to talk to: unix:///path or tcp://host:port", (text) => text, { short: "H" }),
  "log-level": string("Least level of messages: debug, info, warn, error or fatal", { short: "l", initial: "info" }),
  tls: bool("Use TLS without verifying the daemon"),
  tlscacert: string("Authority that signed the daemon's certificate"),
  tlscert: string("Client certificate"),
  tlskey: string("Key of the client certificate"),
  tlsverify: bool("Use TLS and verify the daemon"),
  version: bool("Show the version", { short: "v" }),
} as const;

export const globalFlagSet: FlagSet = globalFlags;

export const logLevels: ReadonlySet<string> = new Set([
  "panic",
  "fatal",
  "error",
  "warn",
  "warning",
  "info",
  "debug",
  "trace",
]);
