import { constants, openSync } from "node:fs";
import { closeDescriptor, openAt, type NameAt } from "./tree-calls.ts";
import { statDescriptor, type TreeStat } from "./tree-stat.ts";

const oPath = 0x200000;

/**
 * Opens a regular file for reading, in a tree that its owner may change meanwhile: what stands at the name is pinned and
 * looked at before it is opened, so that no device, pipe or terminal is opened in its place. Undefined when it is not
 * regular. The caller closes. @throws SyscallError
 */
export function openRegularAt(at: NameAt): { readonly descriptor: number; readonly stat: TreeStat } | undefined {
  const pinned = openAt(at, oPath);
  try {
    const stat = statDescriptor(pinned);
    if ((stat.mode & constants.S_IFMT) !== constants.S_IFREG) return undefined;
    return { descriptor: openSync(`/proc/self/fd/${pinned}`, constants.O_RDONLY), stat };
  } finally {
    closeDescriptor(pinned);
  }
}
