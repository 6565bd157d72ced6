import { failpoint } from "#core";
import { disconnectNetwork } from "../../network/attach.ts";
import type { ContainerContext } from "../context.ts";
import type { ContainerRecord } from "../record.ts";
import { unmountSharedMemory } from "./shared-memory.ts";

/** Gives back what a run of the container used: task, root mount, network. */
export async function releaseTask(context: ContainerContext, record: ContainerRecord): Promise<void> {
  await context.deps.runtime.delete(record.id);
  failpoint("release.task");
  context.roots.releaseTask(record.id);
  unmountSharedMemory(context, record);
  failpoint("release.root");
  await disconnectNetwork(context, record);
}
