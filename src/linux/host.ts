import { readFileSync } from "node:fs";
import { availableParallelism, hostname, machine, release, totalmem } from "node:os";

/** What `info` and `version` tell about this machine. */
export interface HostFacts {
  /** `6.1.0-18-amd64` */
  readonly kernelVersion: string;
  /** `x86_64`, `aarch64` (uname -m). */
  readonly machine: string;
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly hostname: string;
  /** PRETTY_NAME of os-release(5); `Linux` where there is none. */
  readonly operatingSystem: string;
  /** VERSION_ID of os-release(5); empty where there is none. */
  readonly osVersion: string;
}

export function readHostFacts(): HostFacts {
  const osRelease = readOsRelease();
  return {
    kernelVersion: release(),
    machine: machine(),
    memoryBytes: totalmem(),
    cpus: availableParallelism(),
    hostname: hostname(),
    operatingSystem: osRelease.get("PRETTY_NAME") ?? "Linux",
    osVersion: osRelease.get("VERSION_ID") ?? "",
  };
}

function readOsRelease(): Map<string, string> {
  for (const path of ["/etc/os-release", "/usr/lib/os-release"]) {
    try {
      return parseOsRelease(readFileSync(path, "utf8"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return new Map();
}

/** `NAME=value` lines with the shell's quoting (os-release(5)). */
export function parseOsRelease(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^([A-Z0-9_]+)=(.*)$/.exec(line.trim());
    if (match?.[1] !== undefined && match[2] !== undefined) values.set(match[1], unquote(match[2]));
  }
  return values;
}

function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return quoted?.[2] === undefined ? value : quoted[2].replace(/\\(.)/g, "$1");
}
