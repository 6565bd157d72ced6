import { constants, fstatSync } from "node:fs";
import { normalize } from "node:path/posix";
import { TreeRoot } from "#linux";
import type { HostConfig } from "#spec";

/** Gives each tmpfs that asks for no mode that of the directory it lies over, as runc does. */
export function withTmpfsModes(host: HostConfig, rootfs: string): HostConfig {
  const short = Object.entries(host.Tmpfs ?? {});
  const long = (host.Mounts ?? []).some(({ Type }) => Type === "tmpfs");
  if (short.length === 0 && !long) return host;
  using tree = new TreeRoot(rootfs);
  const modeOf = (path: string): number => modeAt(tree, path);
  return {
    ...host,
    ...(host.Tmpfs && { Tmpfs: Object.fromEntries(short.map(([path, text]) => [path, withMode(text, modeOf(path))])) }),
    ...(host.Mounts && {
      Mounts: host.Mounts.map((mount) => {
        const Mode = mount.TmpfsOptions?.Mode || modeOf(mount.Target);
        return mount.Type !== "tmpfs" || Mode === 0
          ? mount
          : { ...mount, TmpfsOptions: { ...mount.TmpfsOptions, Mode } };
      }),
    }),
  };
}

function withMode(options: string, mode: number): string {
  if (mode === 0 || /(?:^|,)mode=/.test(options)) return options;
  return [options, `mode=${mode.toString(8)}`].filter((option) => option !== "").join(",");
}

/** 0: there is no such directory. */
function modeAt(tree: TreeRoot, path: string): number {
  const directory = tree.findDirectory(normalize(path).replace(/^\/+|\/+$/g, ""));
  return directory === undefined ? 0 : fstatSync(directory).mode & ~constants.S_IFMT;
}
