import { readFileSync, rmSync } from "node:fs";
import { isAbsolute, normalize } from "node:path";

/**
 * Removes a temporary tree of the tests. The only recursive removal in `test/support`; it refuses whatever
 * {@link isTestTree} does not know, and a tree below which something is still mounted. Absence is fine.
 */
export function removeTestTree(path: string): void {
  if (!isTestTree(path)) throw new Error(`not a directory of a test: ${JSON.stringify(path)}`);
  const mounted = mountsBelow(path);
  if (mounted.length > 0) throw new Error(`still mounted: ${mounted.join(", ")}`);
  rmSync(path, { recursive: true, force: true });
}

/** True for an absolute, plain path at or below `/tmp/lighter-test-<pid>-…` or the same in `/var/tmp`. */
export function isTestTree(path: string): boolean {
  return isAbsolute(path) && normalize(path) === path && /^\/(var\/)?tmp\/lighter-test-\d+-[^/]/.test(path);
}

/** Mount points at or below a directory, as this process sees them, the innermost first. */
export function mountsBelow(path: string): readonly string[] {
  const points = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "");
  return points.filter((point) => point === path || point.startsWith(`${path}/`)).reverse();
}
