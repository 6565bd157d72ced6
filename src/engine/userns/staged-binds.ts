import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmdirSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { failpoint, type ContainerId } from "#core";
import type { MountIds } from "#snapshot";
import type { OciMount } from "#spec";
import type { EngineDeps } from "../deps.ts";

/** Bind mounts with the ids of a user namespace, in a place its root can reach. */
export interface StagedBinds extends Disposable {
  readonly mounts: readonly OciMount[];
}

/**
 * Shows every bind source to the OCI runtime with the container's ids. Needed until the task is made: its mount
 * namespace has its own.
 */
export function stageBinds(
  { mounter, paths }: Pick<EngineDeps, "mounter" | "paths">,
  id: ContainerId,
  mounts: readonly OciMount[],
  ids: MountIds,
): StagedBinds {
  const directory = stageDirectory(paths, id);
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  using undo = new DisposableStack();
  undo.defer(() => rmdirSync(directory));
  const staged = mounts.map((mount, index) => {
    const { source = "" } = mount;
    const target = join(directory, String(index));
    undo.defer(makeTarget(source, target));
    undo.defer(() => mounter.unmount(target));
    mounter.bind(source, target, ids, { recursive: mount.options?.includes("rbind") === true });
    failpoint("userns.staged");
    return { ...mount, source: target };
  });
  const owned = undo.move();
  return { mounts: staged, [Symbol.dispose]: () => owned.dispose() };
}

/** Something of the same kind to mount on. @returns what takes it away */
function makeTarget(source: string, target: string): () => void {
  if (statSync(source).isDirectory()) {
    mkdirSync(target, { recursive: true });
    return () => rmdirSync(target);
  }
  closeSync(openSync(target, "w", 0o644));
  return () => unlinkSync(target);
}

/** The only place that knows where binds of a starting container are. */
function stageDirectory({ execRoot }: EngineDeps["paths"], id: string): string {
  return join(execRoot, "binds", id);
}

/** What an engine that was killed left of all of them; nothing starts yet. Never into a mount: behind it lie files of the host. */
export function removeStagedBinds({ mounter, paths }: Pick<EngineDeps, "mounter" | "paths">): void {
  const parent = join(paths.execRoot, "binds");
  if (!existsSync(parent)) return;
  for (const id of readdirSync(parent)) {
    for (const entry of readdirSync(join(parent, id), { withFileTypes: true })) {
      const target = join(parent, id, entry.name);
      mounter.unmount(target);
      if (statSync(target).isDirectory()) rmdirSync(target);
      else unlinkSync(target);
    }
    rmdirSync(join(parent, id));
  }
}
