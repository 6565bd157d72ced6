import type { Finished } from "./command.ts";
import type { Contender } from "./contender.ts";
import { untilQuiet } from "./quiet.ts";

/** After a command has ended its engine may still tidy up: that work counts as processor time, not as wall time. */
const settleMs = 100;

/** One way to do the work. */
export interface Entry {
  /** Heads its column. */
  readonly label: string;
  readonly contender: Contender;
  readonly run: () => Finished | Promise<Finished>;
  /** Before each sample, outside the time. */
  readonly before?: () => void;
}

export interface Sample {
  readonly wallMs: number;
  readonly clientCpuMs: number;
  readonly engineCpuMs: number | undefined;
}

export interface Series {
  readonly label: string;
  readonly samples: readonly Sample[];
}

export interface Measured {
  readonly series: readonly Series[];
  /** Samples that began while the machine was busy with something else. */
  readonly noisy: number;
}

/** Takes `rounds` samples of each entry in turn, A B C A B C; an unmeasured round comes first. @throws CommandFailed */
export async function interleave(entries: readonly Entry[], rounds: number, warm = true): Promise<Measured> {
  const samples = entries.map((): Sample[] => []);
  let noisy = 0;
  for (let round = warm ? -1 : 0; round < rounds; round++) {
    for (const [index, entry] of entries.entries()) {
      entry.before?.();
      const quiet = await untilQuiet();
      const sample = await take(entry);
      if (round < 0) continue;
      samples[index]?.push(sample);
      if (!quiet) noisy++;
    }
  }
  return { series: entries.map(({ label }, index) => ({ label, samples: samples[index] ?? [] })), noisy };
}

async function take({ contender, run }: Entry): Promise<Sample> {
  const before = contender.engineCpuMs();
  const { wallMs, cpuMs } = await run();
  await Bun.sleep(settleMs);
  const after = contender.engineCpuMs();
  return {
    wallMs,
    clientCpuMs: cpuMs,
    engineCpuMs: before === undefined || after === undefined ? undefined : after - before,
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** Client and engine; the client alone where the engine's cannot be read. */
export function cpuOf({ clientCpuMs, engineCpuMs }: Sample): number {
  return clientCpuMs + (engineCpuMs ?? 0);
}

/** The median of the ratios of samples that were taken next to each other. */
export function pairRatio(ours: Series, other: Series, value: (sample: Sample) => number): number {
  return median(ours.samples.map((sample, index) => value(sample) / value(other.samples[index] ?? sample)));
}
