import type { NetworkInfo } from "#spec";
import type { ApiClient } from "./client.ts";
import { encodeFilters, type Filters } from "./filters.ts";

const at = (network: string, action = ""): string => `/networks/${encodeURIComponent(network)}${action}`;

export function listNetworks(client: ApiClient, filters?: Filters): Promise<readonly NetworkInfo[]> {
  return client.json("GET", "/networks", { query: { filters: encodeFilters(filters) } });
}

export function inspectNetwork(client: ApiClient, name: string, verbose = false): Promise<NetworkInfo> {
  return client.json("GET", at(name), { query: { verbose } });
}

export async function removeNetwork(client: ApiClient, name: string): Promise<void> {
  await client.text("DELETE", at(name));
}

export function createNetwork(
  client: ApiClient,
  body: Readonly<Record<string, unknown>>,
): Promise<{ readonly Id: string; readonly Warning?: string }> {
  return client.json("POST", "/networks/create", { body });
}

export async function connectNetwork(
  client: ApiClient,
  name: string,
  body: Readonly<Record<string, unknown>>,
): Promise<void> {
  await client.text("POST", at(name, "/connect"), { body });
}

export async function disconnectNetwork(
  client: ApiClient,
  name: string,
  container: string,
  force: boolean,
): Promise<void> {
  await client.text("POST", at(name, "/disconnect"), { body: { Container: container, Force: force } });
}
