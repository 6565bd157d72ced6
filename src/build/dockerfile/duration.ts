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

/** A duration as Go writes it (`1m30s`, `1.5h`, `-2ms`, `0`), in nanoseconds; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const bare = text.replace(/^[-+]/, "");
  if (bare === "0") return 0;
  if (bare.length > 64 || !/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/u.test(bare)) return undefined;
  let total = 0;
  for (const [, amount = "", unit = ""] of bare.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/gu)) {
    total += Number(amount) * (unitNs[unit] ?? 0);
  }
  if (total > Number.MAX_SAFE_INTEGER * 1024) return undefined;
  return Math.round(text.startsWith("-") ? -total : total);
}

/** As Go prints a duration: `5s`, `1m30s`, `1.5ms`. */
export function formatDuration(ns: number): string {
  if (ns === 0) return "0s";
  if (ns < 1e3) return `${ns}ns`;
  if (ns < 1e6) return `${ns / 1e3}µs`;
  if (ns < 1e9) return `${ns / 1e6}ms`;
  const hours = Math.floor(ns / 3600e9);
  const minutes = Math.floor((ns % 3600e9) / 60e9);
  const seconds = (ns % 60e9) / 1e9;
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
