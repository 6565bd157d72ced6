import { EngineError } from "#core";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The `until` of a prune filter: Unix seconds, a date, or a Go duration before now. Milliseconds. @throws EngineError `invalid` */
export function parseUntil(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const duration = parseDuration(text);
  if (duration !== undefined) return nowMs - duration;
  const date = Date.parse(text);
  if (Number.isNaN(date)) throw new EngineError("invalid", `invalid filter 'until=${text}'`);
  return date;
}

function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit ?? ""] ?? 0),
    0,
  );
}
