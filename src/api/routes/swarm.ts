import { EngineError } from "#core";
import type { Handler, Route } from "../router.ts";

const notManager: Handler = () => {
  throw new EngineError(
    "unavailable",
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  );
};

const notMember: Handler = () => {
  throw new EngineError("unavailable", "This node is not part of a swarm");
};

const paths = {
  GET: [
    "/swarm",
    "/swarm/unlockkey",
    "/nodes",
    "/nodes/{id}",
    "/services",
    "/services/{id}",
    "/services/{id}/logs",
    "/tasks",
    "/tasks/{id}",
    "/tasks/{id}/logs",
    "/secrets",
    "/secrets/{id}",
    "/configs",
    "/configs/{id}",
  ],
  POST: [
    "/swarm/init",
    "/swarm/join",
    "/swarm/update",
    "/swarm/unlock",
    "/nodes/{id}/update",
    "/services/create",
    "/services/{id}/update",
    "/secrets/create",
    "/secrets/{id}/update",
    "/configs/create",
    "/configs/{id}/update",
  ],
  DELETE: ["/nodes/{id}", "/services/{id}", "/secrets/{id}", "/configs/{id}"],
} as const;

/** Swarm is out of scope: its endpoints answer as those of an engine outside a swarm, which clients know. */
export const swarmRoutes: readonly Route[] = [
  { method: "POST", pattern: "/swarm/leave", handler: notMember },
  ...Object.entries(paths).flatMap(([method, patterns]) =>
    patterns.map((pattern) => ({ method, pattern, handler: notManager })),
  ),
];
