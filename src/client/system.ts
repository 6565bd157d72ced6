import type { ContainerSummary, EventMessage, ImageSummary, VersionResponse } from "#spec";
import type { ApiClient } from "./client.ts";
import { encodeFilters, type Filters } from "./filters.ts";
import { splitLines } from "./json-lines.ts";
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

/** An event, with its JSON as the daemon wrote it: `timeNano` is beyond what a JavaScript number holds exactly. */
export interface ReceivedEvent {
  readonly event: EventMessage;
  readonly json: string;
}

export async function* streamEvents(
  client: ApiClient,
  options: EventsOptions,
): AsyncGenerator<ReceivedEvent, void, undefined> {
  const { since, until, filters } = options;
  const { body } = await client.stream("GET", "/events", { query: { since, until, filters: encodeFilters(filters) } });
  for await (const json of splitLines(body)) yield { event: JSON.parse(json) as EventMessage, json };
}

export interface BuildCacheRecord {
  readonly ID: string;
  readonly Parent?: string;
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
