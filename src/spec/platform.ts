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

/** The platform of this host, in Go's names. */
export function hostPlatform(): Platform {
  return { os: "linux", architecture: goArch[process.arch] ?? process.arch };
}

/** Parses `linux/arm64/v8`, `arm64` or `linux`. @throws EngineError `invalid` */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split("/");
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))) {
    throw new EngineError("invalid", `${JSON.stringify(text)} is an invalid OS component or architecture`);
  }
  const [first = "", second, third] = parts;
  if (second === undefined) {
    return first === "linux" ? hostPlatform() : { os: "linux", architecture: aliases[first] ?? first };
  }
  const platform = { os: first, architecture: aliases[second] ?? second };
  return third === undefined ? platform : { ...platform, variant: third };
}

/** `linux/amd64`, with the variant where there is one. */
export function formatPlatform(platform: Platform): string {
  return [platform.os, platform.architecture, platform.variant].filter(Boolean).join("/");
}
