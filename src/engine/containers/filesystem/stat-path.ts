import { posix } from "node:path";
import { shownPath, statPath, type PathFacts } from "#archive";
import { EngineError, formatRfc3339Nano } from "#core";
import { goFileMode, type PathStat } from "#spec";
import type { ContainerContext } from "../context.ts";
import { openFileView } from "./file-view.ts";

/** `HEAD /containers/{id}/archive`. @throws EngineError `not_found` */
export async function statContainerPath(context: ContainerContext, ref: string, path: string): Promise<PathStat> {
  using view = await openFileView(context, ref, path, { write: false });
  return pathStat(path, requirePath(view.path, path, ref));
}

/** @throws EngineError `not_found` with Docker's text */
export function requirePath(root: string, path: string, ref: string): PathFacts {
  const facts = statPath(root, path);
  if (facts === undefined) throw fileNotFound(path, ref);
  return facts;
}

export function fileNotFound(path: string, ref: string): EngineError {
  return new EngineError("not_found", `Could not find the file ${path} in container ${ref}`);
}

export function pathStat(path: string, { mode, size, mtimeNs, linkTarget }: PathFacts): PathStat {
  return { name: lastPart(path), size, mode: goFileMode(mode), mtime: goTime(mtimeNs), linkTarget };
}

/** As Go's `filepath.Base` of the absolute path: `/` for the root, `.` where the path ends with a dot. */
export function lastPart(path: string): string {
  const shown = shownPath(path);
  return shown.endsWith("/.") ? "." : posix.basename(shown) || "/";
}

/** Go leaves out zeros at the end of a fraction. */
function goTime(ns: bigint): string {
  const fraction = ((ns % second) + second) % second;
  const text = formatRfc3339Nano(ns - fraction).slice(0, 19);
  const digits = fraction.toString().padStart(9, "0").replace(/0+$/, "");
  return `${text}${digits === "" ? "" : `.${digits}`}Z`;
}

const second = 1_000_000_000n;
