import { parseBinarySize } from "#term";

/** Checks of `--device-read-bps` and its like: `/dev/x:value`. Each returns its text. @throws Error with Docker's text */

export function deviceWeight(text: string): string {
  const value = valueOf(text);
  const weight = Number(value);
  if (!/^\d+$/.test(value) || (weight > 0 && (weight < 10 || weight > 1000)))
    throw new Error(`invalid weight for device: ${text}`);
  return text;
}

export function deviceRateInBytes(text: string): string {
  try {
    parseBinarySize(valueOf(text));
  } catch (cause) {
    if (cause instanceof PathError) throw cause;
    throw new Error(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`,
      { cause },
    );
  }
  return text;
}

export function deviceRate(text: string): string {
  if (!/^\d+$/.test(valueOf(text)))
    throw new Error(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>. Number must be a positive integer`,
    );
  return text;
}

class PathError extends Error {}

function valueOf(text: string): string {
  const at = text.indexOf(":");
  if (at <= 0) throw new PathError(`bad format: ${text}`);
  if (!text.startsWith("/dev/")) throw new PathError(`bad format for device path: ${text}`);
  return text.slice(at + 1);
}
