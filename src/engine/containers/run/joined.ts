import { EngineError } from "#core";
import type { JoinedNamespaces } from "#runtime";
import { checkSameUserNamespace } from "../../userns/user-namespaces.ts";
import type { ContainerContext } from "../context.ts";
import { isRunning, type ContainerRecord } from "../record.ts";
import { sharedMemoryPath } from "./shared-memory.ts";

/** Namespaces of other containers (`container:…`), and the /dev/shm that is shared with others or theirs. */
export function joinedNamespaces(context: ContainerContext, record: ContainerRecord): JoinedNamespaces {
  const { PidMode, IpcMode } = record.hostConfig;
  const pid = joinedContainer(context, "PID", record, PidMode);
  const ipc = joinedContainer(context, "IPC", record, IpcMode);
  const { paths } = context.deps;
  return {
    ...(pid === undefined ? {} : { pid: `/proc/${pid.state.pid}/ns/pid` }),
    ...(ipc === undefined ? {} : { ipc: `/proc/${ipc.state.pid}/ns/ipc`, shmPath: donatedMemory(context, ipc) }),
    ...(IpcMode === "shareable" ? { shmPath: sharedMemoryPath(paths, record.id) } : {}),
  };
}

function joinedContainer(
  { registry }: ContainerContext,
  kind: string,
  record: ContainerRecord,
  mode: string | undefined,
): ContainerRecord | undefined {
  if (!mode?.startsWith("container:")) return undefined;
  const target = registry.find(mode.slice("container:".length));
  if (!isRunning(target))
    throw new EngineError("conflict", `failed to join ${kind} namespace: container ${target.id} is not running`);
  checkSameUserNamespace(record, target);
  return target;
}

function donatedMemory({ deps }: ContainerContext, { id, hostConfig }: ContainerRecord): string {
  if (hostConfig.IpcMode === "host") return "/dev/shm";
  if (hostConfig.IpcMode === "shareable") return sharedMemoryPath(deps.paths, id);
  throw new EngineError(
    "invalid",
    `failed to join IPC namespace: container ${id}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
  );
}
