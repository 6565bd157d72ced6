import { notBuiltRoutes } from "../not-built.ts";
import type { Route } from "../router.ts";
import { attachWebsocketRoutes } from "./attach-ws.ts";
import { buildRoutes } from "./build.ts";
import { containerFileRoutes } from "./container-files.ts";
import { containerRoutes } from "./containers.ts";
import { eventRoutes } from "./events.ts";
import { execRoutes } from "./exec.ts";
import { imageArchiveRoutes } from "./image-archives.ts";
import { imageRoutes } from "./images.ts";
import { lifecycleRoutes } from "./lifecycle.ts";
import { networkRoutes } from "./networks.ts";
import { statsRoutes } from "./stats.ts";
import { streamRoutes } from "./streams.ts";
import { swarmRoutes } from "./swarm.ts";
import { systemRoutes } from "./system.ts";
import { volumeRoutes } from "./volumes.ts";

/** Every endpoint. Within a method and first segment the first match wins: literals stand before greedy names. */
export const routes: readonly Route[] = [
  ...systemRoutes,
  ...eventRoutes,
  ...lifecycleRoutes,
  ...streamRoutes,
  ...attachWebsocketRoutes,
  ...statsRoutes,
  ...execRoutes,
  ...containerRoutes,
  ...containerFileRoutes,
  ...imageArchiveRoutes,
  ...imageRoutes,
  ...buildRoutes,
  ...networkRoutes,
  ...volumeRoutes,
  ...notBuiltRoutes,
  ...swarmRoutes,
];
