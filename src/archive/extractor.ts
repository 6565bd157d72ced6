import { constants } from "node:fs";
import { constants as os } from "node:os";
import { EngineError } from "#core";
import {
  chmodAt,
  chmodDescriptor,
  chownAt,
  chownDescriptor,
  closeDescriptor,
  createFileAt,
  isDirectory,
  isSymlink,
  isWhiteout,
  linkAt,
  makeDevice,
  makeDirectoryAt,
  makeNodeAt,
  type MakeParents,
  makeSymlinkAt,
  type NameAt,
  openDirectoryAt,
  removeTreeAt,
  setTimesAt,
  setTimesDescriptor,
  setXattrAt,
  setXattrDescriptor,
  splitPath,
  statAt,
  SyscallError,
  truncateDescriptor,
  type TreeRoot,
  unlinkAt,
  writeAll,
  writeAllAt,
} from "#linux";
import { outsideId, rootOutside } from "./id-mapping.ts";
import { entryPath, layerName } from "./entry-path.ts";
import type { TarSink } from "./tar-parser.ts";
import type { ExtractOptions, SparseRegion, TarHeader } from "./types.ts";

export interface ExtractPolicy extends Pick<
  ExtractOptions,
  "owner" | "into" | "noOverwriteDirNonDir" | "rename" | "allowEmpty" | "idMappings"
> {
  /** `layer`: whiteouts become overlayfs marks. `plain`: names starting with `.wh.` are names. */
  readonly kind: "layer" | "plain";
}

const { EEXIST, EISDIR, ELOOP, EMLINK, EFBIG, EINVAL, ENAMETOOLONG, ENOENT, ENOTDIR, ENOTSUP, EPERM } = os.errno;
/** What a hostile archive can provoke; the rest is the host's trouble. */
const archiveFaults = new Set([EEXIST, EISDIR, ELOOP, EMLINK, EFBIG, EINVAL, ENAMETOOLONG, ENOENT, ENOTDIR]);
const opaqueXattr = "trusted.overlay.opaque";
const opaqueValue = Buffer.from("y");
const nodeTypes = { char: constants.S_IFCHR, block: constants.S_IFBLK, fifo: constants.S_IFIFO } as const;

/**
 * Writes entries beneath a {@link TreeRoot}, synchronously. Owner, mode, times, xattrs are those of the archive;
 * directories get their times in {@link finish}, when nothing is written into them any more.
 * Dispose it whether it finished or not.
 */
export class Extractor implements TarSink, Disposable {
  readonly #tree: TreeRoot;
  readonly #policy: ExtractPolicy;
  readonly #base: string;
  readonly #directoryTimes = new Map<string, bigint>();
  readonly #parents: MakeParents;
  #file: OpenFile | undefined;
  /** Something that a path may lead through was replaced. Told to the tree before the next look-up: this entry still uses its descriptors. */
  #stale = false;

  constructor(tree: TreeRoot, policy: ExtractPolicy) {
    this.#tree = tree;
    this.#policy = policy;
    this.#base = policy.into === undefined ? "" : entryPath(policy.into);
    const owner = policy.idMappings && rootOutside(policy.idMappings);
    this.#parents = { replace: (at) => this.#openWhiteout(at), ...(owner && { owner }) };
    if (this.#base !== "") tree.makeDirectories(this.#base, this.#parents);
  }

  entry(header: TarHeader): void {
    try {
      this.#place(header);
    } catch (error) {
      throw asArchiveError(error, header);
    }
  }

  data(bytes: Uint8Array): void {
    this.#file?.write(bytes);
  }

  end(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    using closing = file;
    closing.finish(this.#ownerOf(file.header));
  }

  finish(): void {
    this.#tree.forget();
    for (const [path, mtimeNs] of this.#directoryTimes) this.#setDirectoryTime(path, mtimeNs);
    this.#directoryTimes.clear();
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
    this.#file = undefined;
  }

  #place(header: TarHeader): void {
    if (this.#stale) this.#tree.forget();
    this.#stale = false;
    const inside = this.#renamed(entryPath(header.path));
    const path = this.#under(inside);
    if (inside === "") return this.#placeRoot(path, header);
    const { parent, name } = splitPath(path);
    const meaning = this.#policy.kind === "layer" ? layerName(name) : { kind: "entry" as const };
    if (meaning.kind === "ignored") return;
    const directory = this.#tree.makeDirectories(parent, this.#parents);
    if (meaning.kind === "opaque") this.#markOpaque(parent);
    else if (meaning.kind === "whiteout") this.#whiteout({ directory, name: meaning.name });
    else this.#create({ directory, name }, path, header);
  }

  #renamed(path: string): string {
    const { rename } = this.#policy;
    if (rename === undefined) return path;
    const from = entryPath(rename.from);
    if (path === from) return rename.to;
    if (from === "") return `${rename.to}/${path}`;
    return path.startsWith(`${from}/`) ? rename.to + path.slice(from.length) : path;
  }

  #under(path: string): string {
    if (this.#base === "") return path;
    return path === "" ? this.#base : `${this.#base}/${path}`;
  }

  #inside(path: string): string {
    return this.#base === "" ? path : path.slice(this.#base.length + 1);
  }

  /** The entry `.` of a layer sets what the root itself looks like; a plain archive does not touch the directory it goes to. */
  #placeRoot(path: string, header: TarHeader): void {
    if (header.type !== "directory")
      throw new EngineError("invalid", `entry without a name: ${JSON.stringify(header.path)}`);
    if (this.#policy.kind === "plain") return;
    const descriptor = this.#tree.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      this.#dressDescriptor(descriptor, header);
    } finally {
      closeDescriptor(descriptor);
    }
    this.#directoryTimes.set(path, header.mtimeNs);
  }

  #create(at: NameAt, path: string, header: TarHeader): void {
    switch (header.type) {
      case "file":
        return this.#createFile(at, path, header);
      case "directory":
        return this.#createDirectory(at, path, header);
      case "symlink":
        this.#making(at, path, () => makeSymlinkAt(header.linkPath, at.directory, at.name));
        return this.#dress(at, header);
      case "hardlink":
        return this.#createLink(at, path, header);
      default:
        return this.#createNode(at, path, header, nodeTypes[header.type]);
    }
  }

  #createFile(at: NameAt, path: string, header: TarHeader): void {
    const descriptor = this.#making(at, path, () => createFileAt(at.directory, at.name));
    this.#file = new OpenFile(descriptor, header);
    this.#file.start();
  }

  #createNode(at: NameAt, path: string, header: TarHeader, type: number): void {
    const device = header.type === "fifo" ? 0n : makeDevice(header.devMajor, header.devMinor);
    this.#making(at, path, () => makeNodeAt(at.directory, at.name, type | 0o600, device));
    this.#dress(at, header);
  }

  #createLink(at: NameAt, path: string, header: TarHeader): void {
    const target = splitPath(this.#under(this.#renamed(entryPath(header.linkPath))));
    const directory = this.#tree.findDirectory(target.parent);
    const existing = directory === undefined || target.name === "" ? undefined : { directory, name: target.name };
    const stat = existing && statAt(existing.directory, existing.name);
    if (existing === undefined || stat === undefined) {
      throw new EngineError(
        "invalid",
        `hard link ${JSON.stringify(header.path)} to ${JSON.stringify(header.linkPath)}, which is not in the archive before it`,
      );
    }
    if (isDirectory(stat)) throw new EngineError("invalid", `hard link ${JSON.stringify(header.path)} to a directory`);
    const present = statAt(at.directory, at.name);
    if (present?.inode === stat.inode && present.device === stat.device) return;
    this.#making(at, path, () => linkAt(existing, at.directory, at.name));
  }

  #createDirectory(at: NameAt, path: string, header: TarHeader): void {
    const make = (): void => makeDirectoryAt(at.directory, at.name, 0o700);
    if (!attempt(make)) this.#makeOverExisting(at, path, make);
    const descriptor = openDirectoryAt(at.directory, at.name);
    try {
      this.#dressDescriptor(descriptor, header);
    } finally {
      closeDescriptor(descriptor);
    }
    this.#directoryTimes.set(path, header.mtimeNs);
  }

  /** A directory where something stands: merged with a directory, in place of anything else. */
  #makeOverExisting(at: NameAt, path: string, make: () => void): void {
    const present = statAt(at.directory, at.name);
    if (isDirectory(present)) return;
    if (this.#policy.noOverwriteDirNonDir)
      throw overwrite("non-directory", "directory", this.#inside(path), this.#base);
    if (this.#openWhiteout(at)) return;
    unlinkAt(at.directory, at.name);
    if (isSymlink(present)) this.#stale = true;
    make();
  }

  /** Runs what makes a new name; what stands there already is removed first, as tar does. */
  #making<T>(at: NameAt, path: string, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof SyscallError) || error.errno !== EEXIST) throw error;
    }
    const present = statAt(at.directory, at.name);
    if (isDirectory(present)) {
      if (this.#policy.noOverwriteDirNonDir)
        throw overwrite("directory", "non-directory", this.#inside(path), this.#base);
      removeTreeAt(at.directory, at.name);
      this.#directoryTimes.delete(path);
    } else unlinkAt(at.directory, at.name);
    if (isDirectory(present) || isSymlink(present)) this.#stale = true;
    return make();
  }

  /** A layer that deletes a name and then fills a directory of that name hides the old one: the new one is opaque. */
  #openWhiteout(at: NameAt): boolean {
    if (this.#policy.kind !== "layer" || !isWhiteout(statAt(at.directory, at.name))) return false;
    unlinkAt(at.directory, at.name);
    makeDirectoryAt(at.directory, at.name, 0o755);
    chmodAt(at, 0o755);
    setXattrAt(at, opaqueXattr, opaqueValue);
    return true;
  }

  /** Deletes from the layers below only: what this layer itself has under that name stays. */
  #whiteout(at: NameAt): void {
    const present = statAt(at.directory, at.name);
    if (isDirectory(present)) setXattrAt(at, opaqueXattr, opaqueValue);
    else if (present === undefined) makeNodeAt(at.directory, at.name, constants.S_IFCHR, 0n);
  }

  #markOpaque(path: string): void {
    const descriptor = this.#tree.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      setXattrDescriptor(descriptor, opaqueXattr, opaqueValue);
    } finally {
      closeDescriptor(descriptor);
    }
  }

  #ownerOf(header: TarHeader): { readonly uid: number; readonly gid: number } {
    const { owner = header, idMappings } = this.#policy;
    if (idMappings === undefined) return owner;
    return { uid: outsideId(idMappings.uids, owner.uid), gid: outsideId(idMappings.gids, owner.gid) };
  }

  #dressDescriptor(descriptor: number, header: TarHeader): void {
    const { uid, gid } = this.#ownerOf(header);
    chownDescriptor(descriptor, uid, gid);
    chmodDescriptor(descriptor, header.mode);
    setXattrs(header, (name, value) => setXattrDescriptor(descriptor, name, value));
  }

  /** Owner first: chown(2) clears set-uid bits and file capabilities. */
  #dress(at: NameAt, header: TarHeader): void {
    const { uid, gid } = this.#ownerOf(header);
    chownAt(at, uid, gid);
    if (header.type !== "symlink") chmodAt(at, header.mode);
    setXattrs(header, (name, value) => setXattrAt(at, name, value));
    setTimesAt(at, header.mtimeNs);
  }

  /** A later entry may have put something else there; then there is nothing to do. */
  #setDirectoryTime(path: string, mtimeNs: bigint): void {
    if (path === "") return this.#setRootTime(mtimeNs);
    const { parent, name } = splitPath(path);
    const directory = this.#tree.findDirectory(parent);
    if (directory !== undefined && isDirectory(statAt(directory, name))) setTimesAt({ directory, name }, mtimeNs);
  }

  #setRootTime(mtimeNs: bigint): void {
    const descriptor = this.#tree.open("", constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      setTimesDescriptor(descriptor, mtimeNs);
    } finally {
      closeDescriptor(descriptor);
    }
  }
}

/** A file while its content arrives. */
class OpenFile implements Disposable {
  readonly header: TarHeader;
  readonly #descriptor: number;
  readonly #regions: readonly SparseRegion[] | undefined;
  #region = 0;
  #inRegion = 0;

  constructor(descriptor: number, header: TarHeader) {
    this.#descriptor = descriptor;
    this.header = header;
    this.#regions = header.sparse;
  }

  start(): void {
    if (this.#regions) truncateDescriptor(this.#descriptor, this.header.size);
  }

  write(bytes: Uint8Array): void {
    if (this.#regions === undefined) return writeAll(this.#descriptor, bytes);
    for (let rest = bytes; rest.length > 0;) {
      const region = this.#regions[this.#region];
      if (region === undefined) throw new EngineError("invalid", "invalid tar header: bad map of a sparse file");
      const part = rest.subarray(0, region.length - this.#inRegion);
      writeAllAt(this.#descriptor, part, region.offset + this.#inRegion);
      this.#inRegion += part.length;
      if (this.#inRegion === region.length) [this.#region, this.#inRegion] = [this.#region + 1, 0];
      rest = rest.subarray(part.length);
    }
  }

  finish(owner: { readonly uid: number; readonly gid: number }): void {
    chownDescriptor(this.#descriptor, owner.uid, owner.gid);
    chmodDescriptor(this.#descriptor, this.header.mode);
    setXattrs(this.header, (name, value) => setXattrDescriptor(this.#descriptor, name, value));
    setTimesDescriptor(this.#descriptor, this.header.mtimeNs);
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.#descriptor);
  }
}

/** Marks of overlayfs are ours alone to set. What the file system cannot hold is left out, as tar does. */
function setXattrs(header: TarHeader, set: (name: string, value: Uint8Array) => void): void {
  for (const [name, value] of header.xattrs) {
    if (/^(trusted|user)\.overlay\./.test(name)) continue;
    try {
      set(name, value);
    } catch (error) {
      const refused =
        error instanceof SyscallError &&
        (error.errno === ENOTSUP || (error.errno === EPERM && (name.startsWith("user.") || !isRoot())));
      if (!refused) throw error;
    }
  }
}

/** Only root can give files capabilities. */
function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** False when the name is taken. */
function attempt(make: () => void): boolean {
  try {
    make();
    return true;
  } catch (error) {
    if (error instanceof SyscallError && error.errno === EEXIST) return false;
    throw error;
  }
}

/** In Docker's words, which name the directory last. */
function overwrite(what: string, by: string, path: string, base: string): EngineError {
  const text = `cannot overwrite ${what} ${JSON.stringify(path)} with ${by} ${JSON.stringify(`/${base}`)}`;
  return new EngineError("conflict", text);
}

function asArchiveError(error: unknown, header: TarHeader): unknown {
  if (!(error instanceof SyscallError) || !archiveFaults.has(error.errno)) return error;
  return new EngineError("invalid", `cannot unpack ${JSON.stringify(header.path)}: ${error.message}`, { cause: error });
}
