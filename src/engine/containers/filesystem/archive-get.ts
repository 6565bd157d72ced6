import { assertsDirectory, packTree, shownPath } from "#archive";
import { isEngineError } from "#core";
import type { PathStat } from "#spec";
import type { ByteBody } from "../../contract.ts";
import { emitContainerEvent, type ContainerContext } from "../context.ts";
import { idsOf, openFileView } from "./file-view.ts";
import { heldStream } from "./held-stream.ts";
import { fileNotFound, lastPart, pathStat, requirePath } from "./stat-path.ts";

/** `GET /containers/{id}/archive`. @throws EngineError `not_found` */
export async function getContainerArchive(
  context: ContainerContext,
  ref: string,
  path: string,
): Promise<{ readonly stat: PathStat; readonly body: ByteBody }> {
  using undo = new DisposableStack();
  const view = undo.use(await openFileView(context, ref, path, { write: false }));
  const facts = requirePath(view.path, path, ref);
  const tar = packTree(view.path, {
    from: shownPath(path),
    followFrom: assertsDirectory(path) && facts.isDirectory,
    wholeSeconds: true,
    ...idsOf(view.record),
    ...namesOf(lastPart(path), facts.isDirectory),
  });
  const body = await heldStream(tar, undo.move()).catch((cause: unknown) => {
    // It went between the two looks at it.
    throw isEngineError(cause, "not_found") ? fileNotFound(path, ref) : cause;
  });
  emitContainerEvent(context, view.record, "archive-path");
  return { stat: pathStat(path, facts), body };
}

/** `./x` below a dot, `/x` below the root, `name/x` below a directory. */
function namesOf(name: string, isDirectory: boolean): Parameters<typeof packTree>[1] {
  if (!isDirectory) return { as: name };
  if (name === ".") return { as: ".", withTop: true, prefix: "./" };
  return { as: name, prefix: name === "/" ? "/" : `${name}/` };
}
