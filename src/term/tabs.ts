import { displayWidth } from "./width.ts";

export interface TabOptions {
  /** Least width of a cell, padding included. */
  readonly minWidth: number;
  readonly padding: number;
}

/** Docker's tables. */
export const tableTabs: TabOptions = { minWidth: 10, padding: 3 };

/**
 * Aligns tab-separated text as Go's text/tabwriter does: a cell ends with a tab, what follows the last tab is not aligned,
 * and a column is as wide as the widest cell of the adjacent lines that have it.
 */
export function alignTabs(text: string, { minWidth, padding }: TabOptions): string {
  const lines = text.split("\n").map((line) => line.split("\t"));
  const widths = lines.map((cells) => cells.map(() => 0));
  const columns = Math.max(...lines.map((cells) => cells.length - 1), 0);
  for (let column = 0; column < columns; column++) {
    for (let first = 0; first < lines.length; first++) {
      if (!isCell(lines[first], column)) continue;
      let last = first;
      let width = 0;
      for (; isCell(lines[last], column); last++) width = Math.max(width, displayWidth(lines[last]?.[column] ?? ""));
      const full = width === 0 ? 0 : Math.max(width + padding, minWidth);
      for (let line = first; line < last; line++) {
        const row = widths[line];
        if (row) row[column] = full;
      }
      first = last;
    }
  }
  return lines.map((cells, line) => alignLine(cells, widths[line] ?? [])).join("\n");
}

function isCell(cells: readonly string[] | undefined, column: number): boolean {
  return cells !== undefined && column < cells.length - 1;
}

function alignLine(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, i) =>
      i === cells.length - 1 ? cell : cell + " ".repeat(Math.max((widths[i] ?? 0) - displayWidth(cell), 0)),
    )
    .join("");
}
