import { EngineError } from "#core";
import type { Platform } from "./oci-image.ts";

const goArch: Readonly<Record<string, string>> = {
  x64: "amd64",
  ia32: "386",
  arm64: "arm64",
  arm: "arm",
  ppc64: "ppc64le",
};
const aliases: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  "x86-64": "amd64",
  aarch64: "arm64",
  i386: "386",
  armhf: "arm",
};

/** What Go builds for: a word alone must be one of these. */
const architectures = new Set(
  "386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm".split(" "),
);
const systems = new Set(
  "aix android darwin dragonfly freebsd illumos ios js netbsd openbsd plan9 solaris windows".split(" "),
);

/** The platform of this host, in Go's names. */
export function hostPlatform(): Platform {
  return { os: "linux", architecture: goArch[process.arch] ?? process.arch };
}

/** Parses `linux/arm64/v8`, `arm64` or `linux`. @throws EngineError `invalid` */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split("/");
  if (parts.length > 3)
    throw new EngineError("invalid", `${JSON.stringify(text)}: cannot parse platform specifier: invalid argument`);
  if (parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))) {
    throw new EngineError("invalid", `${JSON.stringify(text)} is an invalid OS component or architecture`);
  }
  const [first = "", second, third] = parts;
  if (second === undefined) {
    if (first === "linux") return hostPlatform();
    const architecture = aliases[first] ?? first;
    if (architectures.has(architecture)) return { os: "linux", architecture };
    if (systems.has(first)) return { os: first, architecture: hostPlatform().architecture };
    throw new EngineError(
      "invalid",
      `${JSON.stringify(text)}: unknown operating system or architecture: invalid argument`,
    );
  }
  const platform = { os: first, architecture: aliases[second] ?? second };
  return third === undefined ? platform : { ...platform, variant: third };
}

/**
 * Whether a machine that is `wanted` runs what is built for `actual`: the same system and architecture, and no newer
 * variant of it (`linux/amd64/v2` runs `linux/amd64`).
 */
export function runsOn(wanted: Platform, actual: Platform): boolean {
  if (wanted.os !== actual.os || wanted.architecture !== actual.architecture) return false;
  return variantNumber(actual) <= variantNumber(wanted);
}

const plainVariant: Readonly<Record<string, number>> = { amd64: 1, arm: 7, arm64: 8 };

function variantNumber({ architecture, variant = "" }: Platform): number {
  return Number(/^v(\d+)$/.exec(variant)?.[1] ?? plainVariant[architecture] ?? 0);
}

/** `linux/amd64`, with the variant where there is one. */
export function formatPlatform(platform: Platform): string {
  return [platform.os, platform.architecture, platform.variant].filter(Boolean).join("/");
}
