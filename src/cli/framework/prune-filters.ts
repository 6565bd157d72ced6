import type { Context } from "./command.ts";
import type { FilterValues } from "./flags.ts";

/** The filters of the command line with `pruneFilters` of config.json added; a contrary label of the command line wins. */
export function pruneFilters({ config }: Context, filters: FilterValues): FilterValues {
  const merged: Record<string, readonly string[]> = { ...filters };
  for (const item of config.pruneFilters ?? []) {
    const [key = "", ...rest] = item.split("=");
    const value = rest.join("=");
    const contrary = key === "label" ? "label!" : key === "label!" ? "label" : undefined;
    if (contrary !== undefined && filters[contrary]?.includes(value)) continue;
    merged[key] = [...(merged[key] ?? []), value];
  }
  return merged;
}
