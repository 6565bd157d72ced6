/** `--filter` values by key, as the API takes them. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** The `filters` query value; undefined for none. */
export function encodeFilters(filters: Filters | undefined): string | undefined {
  return filters && Object.keys(filters).length > 0 ? JSON.stringify(filters) : undefined;
}
