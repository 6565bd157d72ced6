import { parseCounter, type Counter } from "#spec";

/** Lines of `name value`, as memory.stat, cpu.stat and their like have them. */
export function parseFlatKeyed(text: string | undefined): ReadonlyMap<string, Counter> {
  const values = new Map<string, Counter>();
  for (const line of (text ?? "").split("\n")) {
    const blank = line.indexOf(" ");
    if (blank > 0) values.set(line.slice(0, blank), parseCounter(line.slice(blank + 1)));
  }
  return values;
}

/** The named lines, in the order of their names; 0 where the kernel does not have one. */
export function pick(
  values: ReadonlyMap<string, Counter>,
  names: readonly string[],
): Readonly<Record<string, Counter>> {
  return Object.fromEntries(names.map((name) => [name, values.get(name) ?? 0]));
}

export function multiply(value: Counter | undefined, factor: number): Counter {
  const number = Number(value ?? 0) * factor;
  return Number.isSafeInteger(number) ? number : BigInt(value ?? 0) * BigInt(factor);
}

/** No more than the host has. */
export function smaller(limit: Counter, hostBytes: number): Counter {
  return limit === 0 || limit > hostBytes ? hostBytes : limit;
}
