import type { ContainerSummary, EventMessage, ImageSummary, VersionResponse } from "#spec";
import type { ApiClient } from "./client.ts";
import { encodeFilters, type Filters } from "./filters.ts";
import type { VolumeUsage } from "./volumes.ts";

export function serverVersion(client: ApiClient): Promise<VersionResponse> {
  return client.json("GET", "/version");
}

/** `GET /info`, as it comes: its fields vary with the daemon. */
export function serverInfo(client: ApiClient): Promise<Readonly<Record<string, unknown>>> {
  return client.json("GET", "/info");
}

export interface EventsOptions {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly filters?: Filters;
}

export function streamEvents(client: ApiClient, { since, until, filters }: EventsOptions): AsyncGenerator<EventMessage> {
  return client.messages("GET", "/events", { query: { since, until, filters: encodeFilters(filters) } });
}

export interface BuildCacheRecord {
  readonly ID: string;
  readonly Type: string;
  readonly Description: string;
  readonly InUse: boolean;
  readonly Shared: boolean;
  readonly Size: number;
  readonly CreatedAt: string;
  readonly LastUsedAt: string | null;
  readonly UsageCount: number;
}

/** `GET /system/df`; sizes in bytes. */
export interface DiskUsage {
  readonly LayersSize: number;
  readonly Images: readonly ImageSummary[] | null;
  readonly Containers: readonly ContainerSummary[] | null;
  readonly Volumes: readonly VolumeUsage[] | null;
  readonly BuildCache: readonly BuildCacheRecord[] | null;
}

export function diskUsage(client: ApiClient): Promise<DiskUsage> {
  return client.json("GET", "/system/df");
}
