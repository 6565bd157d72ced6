const decimalUnits = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"] as const;
const binaryUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"] as const;

/** `1.98MB`: powers of 1000, so many significant digits (Docker: 3 in lists, 4 in sums). */
export function formatSize(bytes: number, digits = 4): string {
  return scaled(bytes, 1000, decimalUnits, digits);
}

/** `1.952GiB`: powers of 1024, four significant digits. */
export function formatBinarySize(bytes: number): string {
  return scaled(bytes, 1024, binaryUnits, 4);
}

function scaled(bytes: number, base: number, units: readonly string[], digits: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= base && unit < units.length - 1; unit++) value /= base;
  return significant(value, digits) + (units[unit] ?? "");
}

/** Go's `%.<n>g` for what a scaled size can be: no trailing zeros; an exponent when the digits do not reach the point. */
function significant(value: number, digits: number): string {
  const text = value.toPrecision(digits);
  const exponent = /^(.*)e([+-])(\d+)$/.exec(text);
  const mantissa = exponent?.[1] ?? text;
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return exponent ? `${short}e${exponent[2]}${(exponent[3] ?? "").padStart(2, "0")}` : short;
}

const factors: Readonly<Record<string, number>> = { "": 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/**
 * Bytes of `512`, `1k`, `1.5g`, `64MiB` (powers of 1024, any case).
 * @throws Error with Docker's text
 */
export function parseBinarySize(text: string): number {
  const match = /^([0-9.]+)\s?([a-z]*)$/i.exec(text.trim());
  if (!match || !/^\d*\.?\d+$|^\d+\.?$/.test(match[1] ?? "")) throw new Error(`invalid size: '${text}'`);
  const suffix = (match[2] ?? "").toLowerCase();
  const unit = /^([kmgtp]?)(?:i?b)?$/.exec(suffix);
  const power = unit ? factors[unit[1] ?? ""] : undefined;
  if (power === undefined) throw new Error(`invalid suffix: '${match[2]}'`);
  return Math.trunc(Number(match[1]) * 1024 ** power);
}
