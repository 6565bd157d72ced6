import type { ApiClient } from "./client.ts";
import { encodeFilters, type Filters } from "./filters.ts";

/** What a prune call removed; each kind of object fills its own list. */
export interface PruneReport {
  readonly ContainersDeleted?: readonly string[] | null;
  readonly ImagesDeleted?: readonly { readonly Untagged?: string; readonly Deleted?: string }[] | null;
  readonly VolumesDeleted?: readonly string[] | null;
  readonly NetworksDeleted?: readonly string[] | null;
  readonly CachesDeleted?: readonly string[] | null;
  /** Bytes. */
  readonly SpaceReclaimed?: number;
}

export type PrunableKind = "containers" | "images" | "volumes" | "networks" | "build";

/** Removes what is not used of one kind. */
export function prune(client: ApiClient, kind: PrunableKind, filters?: Filters, all?: boolean): Promise<PruneReport> {
  return client.json("POST", `/${kind}/prune`, { query: { all, filters: encodeFilters(filters) } });
}
