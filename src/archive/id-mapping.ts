import { EngineError } from "#core";
import type { IdMappings, IdRange } from "#linux";

/** Id inside the user namespace of an id outside; what is not mapped stays. */
export function insideId(ranges: readonly IdRange[] | undefined, id: number): number {
  const range = ranges?.find(({ host, size }) => id >= host && id < host + size);
  return range === undefined ? id : range.container + id - range.host;
}

/** @throws EngineError `invalid` for an id that the user namespace does not have */
export function outsideId(ranges: readonly IdRange[], id: number): number {
  const range = ranges.find(({ container, size }) => id >= container && id < container + size);
  if (range === undefined) throw new EngineError("invalid", `Container ID ${id} cannot be mapped to a host ID`);
  return range.host + id - range.container;
}

/** What the root of the user namespace is outside. */
export function rootOutside({ uids, gids }: IdMappings): { readonly uid: number; readonly gid: number } {
  return { uid: outsideId(uids, 0), gid: outsideId(gids, 0) };
}
