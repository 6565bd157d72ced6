import { isEngineError, parseTime, type ContainerId } from "#core";
import type { Filters } from "../../contract.ts";
import type { ContainerContext } from "../context.ts";
import { isActive, type ContainerRecord } from "../record.ts";
import { removeContainer } from "./remove.ts";
import { containerBytes } from "../show/sizes.ts";
import { matchesLabel } from "../../labels.ts";

/** Removes stopped containers; filters `until`, `label`, `label!`. Bytes of their own layers and logs. */
export async function pruneContainers(
  context: ContainerContext,
  filters: Filters,
): Promise<{ readonly deleted: readonly string[]; readonly spaceReclaimed: number }> {
  // Before anything is removed: a time that is none must not mean all.
  const untilNs = parseTime(filters.get("until")?.[0] ?? "", context.deps.clock.nowNs());
  const deleted: string[] = [];
  let spaceReclaimed = 0;
  for (const record of context.registry.all()) {
    if (isActive(record) || record.buildStep || !isWanted(record, filters, untilNs)) continue;
    const bytes = await removeUnlessUsed(context, record.id);
    if (bytes === undefined) continue;
    deleted.push(record.id);
    spaceReclaimed += bytes;
  }
  return { deleted, spaceReclaimed };
}

/** Bytes that came free; undefined for a container that was started, or is gone, meanwhile. */
async function removeUnlessUsed(context: ContainerContext, id: ContainerId): Promise<number | undefined> {
  try {
    const bytes = await containerBytes(context, id);
    await removeContainer(context, id, { force: false, volumes: false, link: false });
    return bytes;
  } catch (error) {
    if (isEngineError(error, "conflict") || isEngineError(error, "not_found")) return undefined;
    throw error;
  }
}

function isWanted({ config, createdNs }: ContainerRecord, filters: Filters, untilNs: bigint | undefined): boolean {
  const labels = config.Labels ?? {};
  return (
    (filters.get("label") ?? []).every((label) => matchesLabel(labels, label)) &&
    !(filters.get("label!") ?? []).some((label) => matchesLabel(labels, label)) &&
    (untilNs === undefined || BigInt(createdNs) < untilNs)
  );
}
