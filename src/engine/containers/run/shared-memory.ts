import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import type { ContainerId } from "#core";
import type { MountIds } from "#snapshot";
import type { EngineDeps } from "../../deps.ts";
import type { ContainerContext } from "../context.ts";
import type { ContainerRecord } from "../record.ts";

const defaultBytes = 64 * 1024 * 1024;

/** Where the /dev/shm of a container is that others may share; below the exec root. */
export function sharedMemoryPath({ execRoot }: EngineDeps["paths"], id: ContainerId): string {
  return join(execRoot, "shm", id);
}

/** For `--ipc=shareable`: /dev/shm is mounted outside the container, where another one can be given it. */
export function mountSharedMemory(
  { deps }: ContainerContext,
  { id, hostConfig }: ContainerRecord,
  undo: AsyncDisposableStack,
  ids: MountIds | undefined,
): void {
  if (hostConfig.IpcMode !== "shareable") return;
  const path = sharedMemoryPath(deps.paths, id);
  mkdirSync(path, { recursive: true, mode: 0o711 });
  deps.mounter.tmpfs(path, { sizeBytes: hostConfig.ShmSize || defaultBytes, owner: ids?.root });
  undo.defer(() => unmountSharedMemory({ deps }, { id, hostConfig }));
}

/** Harmless when nothing is mounted. */
export function unmountSharedMemory(
  { deps }: Pick<ContainerContext, "deps">,
  { id, hostConfig }: Pick<ContainerRecord, "id" | "hostConfig">,
): void {
  if (hostConfig.IpcMode !== "shareable") return;
  const path = sharedMemoryPath(deps.paths, id);
  deps.mounter.unmount(path);
  try {
    rmdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
