import { extractTar, resolvePath, type ExtractOptions } from "#archive";
import { EngineError } from "#core";
import { resolveUser } from "#runtime";
import type { PutArchiveOptions } from "../../contract.ts";
import { emitContainerEvent, type ContainerContext } from "../context.ts";
import { idsOf, openFileView, type FileView } from "./file-view.ts";
import type { ContainerRecord } from "../record.ts";
import { requirePath } from "./stat-path.ts";

export interface PutArchive extends PutArchiveOptions {
  readonly path: string;
  readonly content: ReadableStream<Uint8Array>;
}

/** `PUT /containers/{id}/archive`. @throws EngineError `not_found`, `invalid`, `conflict` */
export async function putContainerArchive(context: ContainerContext, ref: string, put: PutArchive): Promise<void> {
  using view = await openFileView(context, ref, put.path, { write: true });
  const into = requireDirectory(view, put.path, ref);
  checkWritable(view.record, into);
  await extractTar(put.content, view.path, {
    into,
    noOverwriteDirNonDir: put.noOverwriteDirNonDir,
    allowEmpty: true,
    ...idsOf(view.record),
    ...(put.copyUidGid ? ownerOf(view) : {}),
  });
  emitContainerEvent(context, view.record, "extract-to-dir");
}

/** The directory itself, with no link on the way to it. */
function requireDirectory(view: FileView, path: string, ref: string): string {
  requirePath(view.path, path, ref);
  const resolved = resolvePath(view.path, path);
  if (requirePath(view.path, resolved === "" ? "/" : resolved, ref).isDirectory) return resolved;
  throw new EngineError("invalid", "extraction point is not a directory");
}

/** Docker's texts; that nothing can be written there in any other way is the mounts' own business. */
function checkWritable({ mounts, hostConfig }: ContainerRecord, into: string): void {
  const path = `/${into}`;
  const inside = mounts.filter(({ Destination }) => path === Destination || path.startsWith(`${Destination}/`));
  const nearest = inside.toSorted((left, right) => right.Destination.length - left.Destination.length)[0];
  if (nearest !== undefined && !nearest.RW) throw new EngineError("invalid", "mounted volume is marked read-only");
  const onRoot = nearest === undefined && !isInTmpfs(hostConfig.Tmpfs ?? {}, path);
  if (onRoot && hostConfig.ReadonlyRootfs) throw new EngineError("invalid", "container rootfs is marked read-only");
}

function isInTmpfs(tmpfs: Readonly<Record<string, string>>, path: string): boolean {
  return Object.keys(tmpfs).some((target) => path === target || path.startsWith(`${target.replace(/\/+$/, "")}/`));
}

function ownerOf({ record, path }: FileView): Pick<ExtractOptions, "owner"> {
  const user = record.config.User ?? "";
  if (user === "") return {};
  const { uid, gid } = resolveUser(path, user);
  return { owner: { uid, gid } };
}
