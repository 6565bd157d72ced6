import { mkdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, relative } from "node:path";
import { EngineError } from "#core";
import {
  bindIdmapped,
  bindMount,
  checkIdmapped,
  cloneMountTree,
  mountFlags,
  mountFs,
  mountOverlay,
  unmount,
  withFileIdentity,
  withIdmapped,
} from "#linux";
import type { Mount, Mounter, MountIds, TreeView } from "../mod.ts";
import { openTreeView, viewOf } from "./tree-view.ts";

/** Mounts in the mount namespace of the calling thread. */
export function createMounter(): Mounter {
  return {
    mount: mountAt,
    bind: (source, target, ids, { recursive }) => bindIdmapped({ ...ids, source, target, recursive }),
    tmpfs(target, { sizeBytes, owner }) {
      const data = [`size=${sizeBytes}`, "mode=1777", ...(owner ? [`uid=${owner.uid}`, `gid=${owner.gid}`] : [])];
      const flags = mountFlags.nosuid | mountFlags.nodev | mountFlags.noexec;
      mountFs({ source: "shm", target, type: "tmpfs", flags, data: data.join(",") });
    },
    checkIds: (source, ids) => checkIdmapped(source, ids.userNamespace),
    unmount(target) {
      unmount(target, { detach: true, ifMounted: true });
    },
    openView: openTreeView,
    openMount,
  };
}

function mountAt(mount: Mount, target: string, ids?: MountIds): void {
  if (mount.type === "overlay" && ids !== undefined) mountWithIds(mount, target, ids);
  else if (mount.type === "overlay") mountOverlay(overlayOptions(mount, target));
  else if (ids !== undefined) bindIdmapped({ ...ids, source: bindSource(mount), target, recursive: false });
  else bindMount(bindSource(mount), target, { readonly: mount.readonly });
}

function openMount(mount: Mount, scratch: string): TreeView {
  mkdirSync(scratch, { mode: 0o700 });
  try {
    mountAt(mount, scratch);
    try {
      return viewOf(cloneMountTree(scratch));
    } finally {
      unmount(scratch, { detach: true });
    }
  } finally {
    rmdirSync(scratch);
  }
}

/**
 * One idmapped mount shows all layers, only until overlayfs has its own copies of it. What overlayfs makes for itself is
 * made as the root of the user namespace, since the host's has no id in such a mount.
 */
function mountWithIds(mount: Mount, target: string, { userNamespace, root }: MountIds): void {
  const options = overlayOptions(mount, target);
  const { upper, work } = options;
  const source = commonDirectory([...options.lower, ...(upper === undefined ? [] : [upper])]);
  const stage = `${target}.ids`;
  const staged = (path: string): string => `${stage}/${relative(source, path)}`;
  mkdirSync(stage, { recursive: true });
  try {
    withIdmapped({ source, target: stage, userNamespace, recursive: false }, () =>
      withFileIdentity(root, () =>
        mountOverlay({
          ...options,
          lower: options.lower.map(staged),
          ...(upper !== undefined && { upper: staged(upper) }),
          ...(work !== undefined && { work: staged(work) }),
        }),
      ),
    );
  } finally {
    rmdirSync(stage);
  }
}

/** The deepest directory above all of them. */
function commonDirectory(paths: readonly string[]): string {
  let common = dirname(paths[0] ?? "/");
  while (common !== "/" && !paths.every((path) => path.startsWith(`${common}/`))) common = dirname(common);
  return common;
}

function overlayOptions({ lower, upper, work, ...mount }: Mount, target: string): Parameters<typeof mountOverlay>[0] {
  const isVolatile = mount.volatile === true && work !== undefined;
  // overlayfs marks the work directory so that nobody trusts the tree after a crash; here nobody does (overlayfs.rst).
  if (isVolatile) rmSync(`${work}/work/incompat`, { recursive: true, force: true });
  return {
    lower,
    target,
    ...(upper !== undefined && { upper }),
    ...(work !== undefined && { work }),
    ...(isVolatile && { options: ["volatile"] }),
  };
}

function bindSource(mount: Mount): string {
  const source = mount.upper ?? mount.lower[0];
  if (source === undefined) throw new EngineError("invalid", "bind mount without a directory");
  return source;
}
