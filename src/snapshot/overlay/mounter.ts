import { rmSync } from "node:fs";
import { EngineError } from "#core";
import { bindMount, mountOverlay, unmount } from "#linux";
import type { Mount, Mounter } from "../mod.ts";

/** Mounts in the mount namespace of the calling thread. */
export function createMounter(): Mounter {
  return {
    mount(mount, target) {
      if (mount.type === "overlay") mountOverlay(overlayOptions(mount, target));
      else bindMount(bindSource(mount), target, { readonly: mount.readonly });
    },
    unmount(target) {
      unmount(target, { detach: true, ifMounted: true });
    },
  };
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
