import { EngineError } from "./errors.ts";

const unitNs: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
/** Go's durations are signed 64-bit nanoseconds. */
const maxNs = 2 ** 63;

/**
 * Nanoseconds of a Go duration: `1h30m`, `300ms`, `-1.5s`, `0`.
 * @throws EngineError `invalid` with Go's text
 */
export function parseDuration(text: string): number {
  const body = text.replace(/^[+-]/, "");
  if (body === "0") return 0;
  if (body.length > 64 || !/^(?:(?:\d+\.?\d*|\.\d+)[a-zµμ]*)+$/.test(body)) throw invalid("invalid duration", text);
  let total = 0;
  for (const [, amount = "", unit = ""] of body.matchAll(/([\d.]+)([a-zµμ]*)/g)) {
    if (unit === "") throw invalid("missing unit in duration", text);
    const factor = unitNs[unit];
    if (factor === undefined) throw invalid(`unknown unit ${JSON.stringify(unit)} in duration`, text);
    total += Number(amount) * factor;
  }
  if (total >= maxNs) throw invalid("invalid duration", text);
  const ns = Math.round(total);
  return text.startsWith("-") ? -ns : ns;
}

function invalid(fault: string, text: string): EngineError {
  return new EngineError("invalid", `time: ${fault} ${JSON.stringify(text.slice(0, 100))}`);
}

/** Go's text of a duration in nanoseconds: `1h30m0s`, `1.5s`, `300ms`. */
export function formatDuration(ns: number): string {
  if (ns === 0) return "0s";
  const sign = ns < 0 ? "-" : "";
  const abs = Math.abs(ns);
  if (abs < 1e3) return `${sign}${abs}ns`;
  if (abs < 1e6) return `${sign}${abs / 1e3}µs`;
  if (abs < 1e9) return `${sign}${abs / 1e6}ms`;
  const hours = Math.floor(abs / 3600e9);
  const minutes = Math.floor((abs % 3600e9) / 60e9);
  const seconds = `${(abs % 60e9) / 1e9}s`;
  return sign + (hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : "") + seconds;
}

/** `5 seconds`, `About a minute`, `3 weeks`: an age as Docker words it. */
export function formatAge(seconds: number): string {
  const whole = Math.floor(seconds);
  const minutes = Math.floor(whole / 60);
  const hours = Math.round(seconds / 3600);
  if (whole < 1) return "Less than a second";
  if (whole === 1) return "1 second";
  if (whole < 60) return `${whole} seconds`;
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(seconds / 3600 / 24 / 365)} years`;
}
