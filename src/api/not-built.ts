import { EngineError } from "#core";
import type { Route } from "./router.ts";

/** Endpoints of Docker that this engine does not have yet: each answers 501 and says its name, never a made-up 200. */
const endpoints = [
  ["POST", "/auth"],
  ["GET", "/images/search"],
  ["POST", "/images/{name*}/push"],
  ["GET", "/distribution/{name*}/json"],
  ["POST", "/build/cancel"],
  ["POST", "/session"],
  ["POST", "/grpc"],
  ["POST", "/commit"],
  ["GET", "/containers/{id}/checkpoints"],
  ["POST", "/containers/{id}/checkpoints"],
  ["DELETE", "/containers/{id}/checkpoints/{checkpoint}"],
  ["POST", "/networks/create"],
  ["POST", "/networks/{id}/connect"],
  ["POST", "/networks/{id}/disconnect"],
  ["GET", "/plugins/privileges"],
  ["POST", "/plugins/pull"],
  ["POST", "/plugins/create"],
  ["DELETE", "/plugins/{name*}"],
  ["POST", "/plugins/{name*}/enable"],
  ["POST", "/plugins/{name*}/disable"],
  ["POST", "/plugins/{name*}/push"],
  ["POST", "/plugins/{name*}/upgrade"],
  ["POST", "/plugins/{name*}/set"],
] as const;

export const notBuiltRoutes: readonly Route[] = endpoints.map(([method, pattern]) => ({
  method,
  pattern,
  handler: () => {
    throw new EngineError("not_implemented", `${method} ${pattern.replaceAll("*}", "}")} is not built yet`);
  },
}));
