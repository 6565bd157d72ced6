import { cpuOf, median, pairRatio, type Measured, type Series } from "./measure.ts";

/** What a ratio must reach: ours divided by Docker's. */
export interface Target {
  readonly kind: "at most" | "at least";
  readonly ratio: number;
}

export interface Cell {
  readonly label: string;
  readonly value: number;
  readonly cpuMs?: number;
}

/** One line of the table. The first cell is ours, the second what it is compared with. */
export interface Row {
  readonly group: string;
  readonly title: string;
  readonly unit: "ms" | "MB" | "/s";
  readonly cells: readonly Cell[];
  readonly ratio?: number;
  readonly cpuRatio?: number;
  readonly target?: Target;
  /** Samples of each side, and how many of all began on a busy machine. */
  readonly samples?: number;
  readonly noisy?: number;
  /** Why there are no figures. */
  readonly failure?: string;
}

export interface RowHead {
  readonly group: string;
  readonly title: string;
  readonly target?: Target;
}

export function timeRow(head: RowHead, { series, noisy }: Measured): Row {
  const [ours, other] = series;
  return {
    ...head,
    unit: "ms",
    cells: series.map(timeCell),
    ...(ours &&
      other && { ratio: pairRatio(ours, other, ({ wallMs }) => wallMs), cpuRatio: pairRatio(ours, other, cpuOf) }),
    samples: ours?.samples.length ?? 0,
    noisy,
  };
}

function timeCell({ label, samples }: Series): Cell {
  return { label, value: median(samples.map(({ wallMs }) => wallMs)), cpuMs: median(samples.map(cpuOf)) };
}

/** Undefined without a target or without a peer. */
export function passes({ ratio, target }: Row): boolean | undefined {
  if (ratio === undefined || target === undefined) return undefined;
  return target.kind === "at most" ? ratio <= target.ratio : ratio >= target.ratio;
}

/** One row as text: title, verdict, then a line for each contender. */
export function formatRow(row: Row): string {
  if (row.failure !== undefined) return `${row.title}\n    NOT MEASURED: ${row.failure}`;
  const verdict = passes(row);
  const marks = [
    row.ratio === undefined ? "" : `ratio ${row.ratio.toFixed(3)}`,
    row.target === undefined ? "" : `target ${row.target.kind === "at most" ? "≤" : "≥"} ${row.target.ratio}`,
    verdict === undefined ? "" : verdict ? "pass" : "MISS",
    row.cpuRatio === undefined ? "" : `CPU ratio ${row.cpuRatio.toFixed(3)}`,
    row.samples === undefined
      ? ""
      : `${row.samples} samples each${row.noisy ? `, ${row.noisy} on a busy machine` : ""}`,
  ];
  const width = Math.max(...row.cells.map(({ label }) => label.length));
  const lines = row.cells.map(
    (cell) => `    ${cell.label.padEnd(width)}  ${figure(cell.value, row.unit)}${cpuText(cell)}`,
  );
  return [`${row.title}: ${marks.filter(Boolean).join(" · ")}`, ...lines].join("\n");
}

function figure(value: number, unit: Row["unit"]): string {
  return `${value.toFixed(1).padStart(9)} ${unit}`;
}

function cpuText({ cpuMs }: Cell): string {
  return cpuMs === undefined ? "" : `  CPU ${cpuMs.toFixed(1).padStart(8)} ms`;
}

/** Every row with a target once more, in one line each. */
export function summary(rows: readonly Row[]): string {
  const judged = rows.filter((row) => row.target !== undefined || row.failure !== undefined);
  const width = Math.max(0, ...judged.map(({ title }) => title.length));
  return judged.map((row) => `${row.title.padEnd(width)}  ${judgement(row)}`).join("\n");
}

function judgement(row: Row): string {
  if (row.failure !== undefined) return "not measured";
  const verdict = passes(row);
  const wanted = row.target === undefined ? "" : `${row.target.kind === "at most" ? "≤" : "≥"} ${row.target.ratio}`;
  if (verdict === undefined || row.ratio === undefined) return `     -  ${wanted}  no peer`;
  const cpu = row.cpuRatio === undefined ? "" : `  CPU ${row.cpuRatio.toFixed(2)}`;
  return `${row.ratio.toFixed(3).padStart(6)}  ${wanted.padEnd(7)} ${verdict ? "pass" : "MISS"}${cpu}`;
}
