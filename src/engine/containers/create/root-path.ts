import { lstatSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { EngineError } from "#core";

/**
 * Host path of a container path, with symlinks followed inside `root` only; parts that do not exist are kept as named.
 * Only for trees that no process changes meanwhile (a container that does not run).
 * @throws EngineError `invalid` after 255 symlinks
 */
export function resolveInRoot(root: string, path: string): string {
  const pending = path.split("/").reverse();
  const done: string[] = [];
  for (let links = 0; pending.length > 0;) {
    const part = pending.pop() ?? "";
    if (part === "" || part === ".") continue;
    if (part === "..") {
      done.pop();
      continue;
    }
    const target = linkTarget(join(root, ...done, part));
    if (target === undefined) {
      done.push(part);
      continue;
    }
    if (++links > 255) throw new EngineError("invalid", `too many levels of symbolic links: ${path}`);
    if (target.startsWith("/")) done.length = 0;
    pending.push(...target.split("/").reverse());
  }
  return join(root, ...done);
}

function linkTarget(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isSymbolicLink() ? readlinkSync(path) : undefined;
}
