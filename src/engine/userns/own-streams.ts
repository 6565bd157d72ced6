import { chownSync, statSync } from "node:fs";
import type { IdMappings } from "#runtime";
import { hostId } from "./ranges.ts";

/**
 * Gives the pipes of a created task to its user, who could not open /dev/stdout otherwise: they are the host's root's.
 * Devices and terminals are left alone.
 */
export function ownStreams(
  pid: number,
  user: { readonly uid: number; readonly gid: number },
  { uids, gids }: IdMappings,
): void {
  for (const stream of [0, 1, 2]) {
    const path = `/proc/${pid}/fd/${stream}`;
    if (statSync(path).isFIFO()) chownSync(path, hostId(uids, user.uid), hostId(gids, user.gid));
  }
}
