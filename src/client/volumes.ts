import type { VolumeInfo } from "#spec";
import type { ApiClient } from "./client.ts";
import { encodeFilters, type Filters } from "./filters.ts";

export interface VolumeUsage extends VolumeInfo {
  /** Size in bytes, -1 when it was not calculated. */
  readonly UsageData?: { readonly Size: number; readonly RefCount: number } | null;
}

export interface VolumeList {
  readonly Volumes: readonly VolumeUsage[] | null;
  readonly Warnings: readonly string[] | null;
}

export function listVolumes(client: ApiClient, filters?: Filters): Promise<VolumeList> {
  return client.json("GET", "/volumes", { query: { filters: encodeFilters(filters) } });
}

export interface CreateVolumeRequest {
  readonly Name?: string;
  readonly Driver: string;
  readonly DriverOpts: Readonly<Record<string, string>>;
  readonly Labels: Readonly<Record<string, string>>;
}

export function createVolume(client: ApiClient, request: CreateVolumeRequest): Promise<VolumeInfo> {
  return client.json("POST", "/volumes/create", { body: request });
}

export function inspectVolume(client: ApiClient, name: string): Promise<VolumeInfo> {
  return client.json("GET", `/volumes/${encodeURIComponent(name)}`);
}

export async function removeVolume(client: ApiClient, name: string, force: boolean): Promise<void> {
  await client.text("DELETE", `/volumes/${encodeURIComponent(name)}`, { query: { force } });
}
