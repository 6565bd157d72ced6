import { EngineError } from "#core";
import type { IdMappings, IdRange } from "#runtime";
import type { IdPool } from "./mode.ts";

/**
 * A range of the pool that shares no id with those in use; the lowest that fits.
 * @throws EngineError `exhausted`
 */
export function allocateIds(pool: IdPool, size: number, used: readonly IdMappings[]): IdMappings {
  const taken = [
    ...used.flatMap(({ uids }) => uids.map((range) => intervalOf(range, pool.uid))),
    ...used.flatMap(({ gids }) => gids.map((range) => intervalOf(range, pool.gid))),
  ].toSorted(([a], [b]) => a - b);
  let offset = 0;
  for (const [first, end] of taken) {
    if (first >= offset + size) break;
    offset = Math.max(offset, end);
  }
  if (offset + size > pool.size) {
    throw new EngineError(
      "exhausted",
      `no range of ${size} ids is free for a user namespace among ${pool.size}: remove containers, or give the daemon a larger userns-auto-range`,
    );
  }
  return {
    uids: [{ container: 0, host: pool.uid + offset, size }],
    gids: [{ container: 0, host: pool.gid + offset, size }],
  };
}

/** Half open, counted from the start of the pool. */
function intervalOf({ host, size }: IdRange, base: number): readonly [number, number] {
  return [host - base, host - base + size];
}

/** What an id of inside is outside. @throws EngineError `invalid` when nothing */
export function hostId(ranges: readonly IdRange[], id: number): number {
  const range = ranges.find(({ container, size }) => id >= container && id < container + size);
  if (range === undefined) throw new EngineError("invalid", `id ${id} is not one of the container's user namespace`);
  return range.host + id - range.container;
}
