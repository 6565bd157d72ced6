import type { StatsResponse } from "#spec";
import type { ApiClient } from "./client.ts";
import { containerAction } from "./containers.ts";

/** What a container uses, beside an earlier sample. Counters beyond 2^53 lose their last digits here. */
export function containerStats(client: ApiClient, container: string): Promise<StatsResponse> {
  return client.json("GET", containerAction(container, "stats"), { query: { stream: "0" } });
}

/** One document a second, until the container is removed. */
export function followStats(client: ApiClient, container: string): AsyncGenerator<StatsResponse, void, undefined> {
  return client.messages("GET", containerAction(container, "stats"), { query: { stream: "1" } });
}
