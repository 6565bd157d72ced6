import { existsSync, openSync, closeSync, constants } from "node:fs";
import { join } from "node:path";
import { EngineError, randomHexId } from "#core";
import type { MountIds, ViewMount } from "#snapshot";
import type { ContainerContext } from "../context.ts";
import { containerFiles } from "../host-files.ts";
import { isRunning, type ContainerRecord, type MountRecord } from "../record.ts";

/** A container's files as it sees them, from outside and safe from it. */
export interface FileView extends Disposable {
  readonly record: ContainerRecord;
  /** Root for calls that resolve paths inside a root; nothing else may be done with it. */
  readonly path: string;
}

/**
 * The container's root with its volumes, binds and network files mounted in it, whether it runs or not: a mount tree of
 * our own, so that what the container mounts, moves or links cannot lead out of it. A tmpfs exists in the running
 * container alone: paths below one are looked up in the container's own tree.
 * @param write a root that the container may not write to cannot be written to here
 */
export async function openFileView(
  context: ContainerContext,
  ref: string,
  path: string,
  { write }: { readonly write: boolean },
): Promise<FileView> {
  const { id } = context.registry.find(ref);
  return context.registry.exclusive(id, async () => {
    const record = context.registry.find(id);
    checkPresent(record, "copy files of");
    if (isRunning(record) && tmpfsAbove(record, path)) return liveView(context, record);
    using userNamespace = record.userNamespace && (await context.userNamespaces.open(record));
    return composedView(context, record, { write, ids: userNamespace?.ids });
  });
}

/** @throws EngineError `conflict` for a container that is on its way out */
export function checkPresent({ id, state }: ContainerRecord, verb: string): void {
  if (state.status === "dead") throw new EngineError("conflict", `You cannot ${verb} container ${id} which is Dead`);
  if (state.status === "removing")
    throw new EngineError("conflict", `You cannot ${verb} container ${id} which is being removed`);
}

/** A root shows ids of outside, an archive has the container's own. */
export function idsOf({ userNamespace }: ContainerRecord): { readonly idMappings?: NonNullable<typeof userNamespace> } {
  return userNamespace === undefined ? {} : { idMappings: userNamespace };
}

/** A path below the exec root that nothing has; what a crash leaves there, boot removes. */
export function scratchPath({ deps }: Pick<ContainerContext, "deps">): string {
  return join(deps.paths.execRoot, `files-${randomHexId().slice(0, 16)}`);
}

function composedView(
  context: ContainerContext,
  record: ContainerRecord,
  { write, ids }: { readonly write: boolean; readonly ids: MountIds | undefined },
): FileView {
  const { deps, roots } = context;
  using undo = new DisposableStack();
  undo.use(roots.hold(record, ids));
  const view = undo.use(
    deps.mounter.openView({
      root: containerFiles(deps, record.id).rootfs,
      mounts: viewMounts(context, record),
      readonlyRoot: write && record.hostConfig.ReadonlyRootfs === true,
      scratch: scratchPath(context),
      ...(ids && { ids }),
    }),
  );
  return fileView(record, view.path, undo.move());
}

/** Parents first. */
function viewMounts(context: ContainerContext, record: ContainerRecord): ViewMount[] {
  const own = record.mounts.filter(({ Type }) => Type !== "tmpfs").map(viewMount);
  const taken = new Set(own.map(({ destination }) => destination));
  const all = [...own, ...networkFiles(context, record).filter(({ destination }) => !taken.has(destination))];
  return all.toSorted((left, right) => depthOf(left) - depthOf(right));
}

function viewMount({ Source, Destination, RW, options }: MountRecord): ViewMount {
  const recursive = !options.includes("bind-nonrecursive");
  return { source: Source, destination: Destination, readonly: !RW, recursive };
}

/** The files exist from the first start on. */
function networkFiles({ deps }: ContainerContext, { id }: ContainerRecord): ViewMount[] {
  const files = containerFiles(deps, id);
  const sources = { "/etc/hosts": files.hosts, "/etc/hostname": files.hostname, "/etc/resolv.conf": files.resolvConf };
  return Object.entries(sources)
    .filter(([, source]) => existsSync(source))
    .map(([destination, source]) => ({ source, destination, readonly: false, recursive: false }));
}

function depthOf({ destination }: ViewMount): number {
  return destination.split("/").length;
}

function tmpfsAbove({ mounts, hostConfig }: ContainerRecord, path: string): boolean {
  const clean = join("/", path);
  const destinations = mounts.filter(({ Type }) => Type === "tmpfs").map(({ Destination }) => Destination);
  const all = [...destinations, ...Object.keys(hostConfig.Tmpfs ?? {}).map((target) => join("/", target))];
  return all.some((target) => clean === target || clean.startsWith(`${target.replace(/\/$/, "")}/`));
}

/** The root directory that the container's first process has; held open, and only then known to be still that process's. */
function liveView({ deps }: ContainerContext, record: ContainerRecord): FileView {
  using undo = new DisposableStack();
  const descriptor = openLiveRoot(record);
  undo.defer(() => closeSync(descriptor));
  const status = deps.runtime.status(record.id);
  const alive = (status.kind === "running" || status.kind === "paused") && status.pid === record.state.pid;
  if (!alive) throw notRunning(record);
  return fileView(record, `/proc/self/fd/${descriptor}`, undo.move());
}

function openLiveRoot(record: ContainerRecord): number {
  try {
    return openSync(`/proc/${record.state.pid}/root`, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (cause) {
    throw notRunning(record, { cause });
  }
}

function notRunning({ id }: ContainerRecord, options?: ErrorOptions): EngineError {
  return new EngineError("conflict", `container ${id} is not running`, options);
}

function fileView(record: ContainerRecord, path: string, held: DisposableStack): FileView {
  return { record, path, [Symbol.dispose]: () => held.dispose() };
}
