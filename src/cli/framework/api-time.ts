import { parseDuration } from "#core";
import { CliError } from "./command.ts";

/**
 * A time as the API takes it (Unix seconds with a fraction) from a Unix time, an age (`42m`) or a date
 * (`2024-05-01T10:00:00`, local unless it has a zone). Empty text: undefined.
 * @throws CliError with Docker's text
 */
export function apiTime(text: string, nowMs: number = Date.now()): string | undefined {
  if (text === "") return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return text;
  if (/^[+-]?[\d.]+[a-zµ]/.test(text)) return seconds(nowMs - parseDuration(text) / 1e6);
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d(?::\d\d){0,2})(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  const [, date = "", time = "00:00:00", fraction = "", zone = ""] = match ?? [];
  const full = time.split(":").concat(["00", "00"]).slice(0, 3).join(":");
  const at = match ? Date.parse(`${date}T${full}${zone}`) : Number.NaN;
  if (Number.isNaN(at)) throw new CliError(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  return `${Math.floor(at / 1000)}.${(fraction.slice(1) || "0").padEnd(9, "0")}`;
}

function seconds(ms: number): string {
  return `${Math.floor(ms / 1000)}.${String(Math.round((((ms % 1000) + 1000) % 1000) * 1e6)).padStart(9, "0")}`;
}
