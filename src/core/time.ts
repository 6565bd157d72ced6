import { parseDuration } from "./duration.ts";
import { EngineError, isEngineError } from "./errors.ts";

const nsPerSecond = 1_000_000_000n;
const datePattern = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9})\d*)?)?)?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * A time as the API takes it (`since`, `until`): Unix seconds with optional fraction, RFC 3339 (date alone, without seconds or without
 * zone, which is then UTC), or a Go duration before now. Empty and `0` mean no time.
 * @returns nanoseconds since the epoch
 * @throws EngineError `invalid`
 */
export function parseTime(text: string, nowNs: bigint): bigint | undefined {
  if (text === "" || text === "0") return undefined;
  const time = parseUnix(text) ?? parseDate(text) ?? parseAgo(text, nowNs);
  if (time === undefined)
    throw new EngineError(
      "invalid",
      `failed to parse value as time or duration: ${JSON.stringify(text.slice(0, 100))}`,
    );
  return time;
}

function parseUnix(text: string): bigint | undefined {
  const match = /^(-?)(\d{1,15})(?:\.(\d{0,9})\d*)?$/.exec(text);
  if (!match) return undefined;
  const ns = BigInt(match[2] ?? "0") * nsPerSecond + fractionNs(match[3]);
  return match[1] === "-" ? -ns : ns;
}

function parseDate(text: string): bigint | undefined {
  const match = datePattern.exec(text);
  if (!match) return undefined;
  const ms = Date.parse(`${match[1]}T${match[2] ?? "00:00"}:${match[3] ?? "00"}${match[5] ?? "Z"}`);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n + fractionNs(match[4]);
}

function parseAgo(text: string, nowNs: bigint): bigint | undefined {
  try {
    return nowNs - BigInt(parseDuration(text));
  } catch (error) {
    if (isEngineError(error, "invalid")) return undefined;
    throw error;
  }
}

function fractionNs(digits = ""): bigint {
  return BigInt(digits.padEnd(9, "0"));
}
