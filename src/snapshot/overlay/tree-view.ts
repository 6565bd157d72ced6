import { closeSync, mkdirSync, rmdirSync, statSync } from "node:fs";
import { EngineError } from "#core";
import {
  attachMountTree,
  bindMount,
  chmodAt,
  closeDescriptor,
  cloneIdmapped,
  cloneMountTree,
  createFileAt,
  type NameAt,
  remountReadonly,
  setTreePrivate,
  setTreeReadonly,
  splitPath,
  statAt,
  TreeRoot,
  unmount,
  withFileIdentity,
} from "#linux";
import type { MountIds, TreeView, ViewMount, ViewRequest } from "../mod.ts";

const oPath = 0x200000;

/**
 * Everything is put together at `scratch`, copied into a tree that only a descriptor names, and taken away again before
 * anything else of this process runs: a kill at any moment leaves at most one mount there.
 */
export function openTreeView({ scratch, root, mounts, readonlyRoot, ids }: ViewRequest): TreeView {
  mkdirSync(scratch, { mode: 0o700 });
  try {
    // Were it shared, what is attached below would come and go with it in its peers: the root itself, and the copy.
    bindMount(root, scratch, { propagation: "private" });
    try {
      for (const mount of mounts) attach(scratch, mount, ids);
      if (readonlyRoot) remountReadonly(scratch);
      return viewOf(cloneMountTree(scratch));
    } finally {
      unmount(scratch, { detach: true });
    }
  } finally {
    rmdirSync(scratch);
  }
}

/** The view that a copied mount tree is; owns the descriptor. */
export function viewOf(tree: ReturnType<typeof cloneMountTree>): TreeView {
  return { path: `/proc/self/fd/${tree.fd}`, [Symbol.dispose]: () => tree[Symbol.dispose]() };
}

/** What is mounted and what it is mounted on are both held open first: neither can be swapped for a link. */
function attach(scratch: string, mount: ViewMount, ids: MountIds | undefined): void {
  const stat = statSync(mount.source, { throwIfNoEntry: false });
  if (stat === undefined) throw new EngineError("not_found", `stat ${mount.source}: no such file or directory`);
  const isDirectory = stat.isDirectory();
  using tree = ids === undefined ? cloneMountTree(mount.source, mount) : cloneIdmapped({ ...mount, ...ids });
  setTreePrivate(tree);
  if (mount.readonly) setTreeReadonly(tree);
  using root = new TreeRoot(scratch);
  const open = (): number => openTarget(root, mount.destination.replace(/^\/+/, ""), { isDirectory, ids });
  const target = ids === undefined ? open() : withFileIdentity(ids.root, open);
  try {
    attachMountTree(tree, target);
  } finally {
    closeSync(target);
  }
}

/** The mount point, made when it is missing; links are followed inside the root. */
function openTarget(
  root: TreeRoot,
  path: string,
  { isDirectory, ids }: { readonly isDirectory: boolean; readonly ids: MountIds | undefined },
): number {
  const parents = ids === undefined ? {} : { owner: ids.root };
  if (isDirectory) root.makeDirectories(path, parents);
  else {
    const { parent, name } = splitPath(path);
    const directory = root.makeDirectories(parent, parents);
    if (statAt(directory, name) === undefined) makeFile({ directory, name });
  }
  return root.open(path, oPath);
}

function makeFile(at: NameAt): void {
  closeDescriptor(createFileAt(at.directory, at.name));
  chmodAt(at, 0o755);
}
