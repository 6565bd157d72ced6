import type { NetworkInfo } from "#spec";
import type { Call } from "../call.ts";
import { filterKeys, parseFilters } from "../filters.ts";
import { empty, json, type ApiResponse } from "../response.ts";
import type { Route } from "../router.ts";

export const networkRoutes: readonly Route[] = [
  { method: "GET", pattern: "/networks", handler: list },
  { method: "GET", pattern: "/networks/{id}", handler: ({ engine, name }) => json(engine.networks.inspect(name)) },
  { method: "POST", pattern: "/networks/prune", handler: prune },
  { method: "DELETE", pattern: "/networks/{id}", handler: remove },
];

function prune(call: Call): ApiResponse {
  const removed = call.engine.networks.prune(parseFilters(call, filterKeys.networksPrune));
  return json({ NetworksDeleted: removed.length > 0 ? removed : null });
}

function remove(call: Call): ApiResponse {
  call.engine.networks.remove(call.name);
  return empty(204);
}

/** Since 1.28 a list does not say which containers are on a network. */
function list(call: Call): ApiResponse {
  const networks = call.engine.networks.list(parseFilters(call, filterKeys.networks));
  return json(call.version < 1028 ? networks : networks.map(withoutContainers));
}

function withoutContainers(network: NetworkInfo): NetworkInfo {
  return { ...network, Containers: {} };
}
