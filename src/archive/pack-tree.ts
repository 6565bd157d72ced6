import { constants, readSync } from "node:fs";
import { constants as os } from "node:os";
import { EngineError } from "#core";
import {
  closeDescriptor,
  encodeName,
  isDirectory,
  isWhiteout,
  listDirectory,
  openDirectoryAt,
  openRegularAt,
  readLinkAt,
  readXattrsAt,
  readXattrsFile,
  splitPath,
  statAt,
  statDescriptor,
  SyscallError,
  TreeRoot,
  type NameAt,
  type TreeStat,
} from "#linux";
import { insideId } from "./id-mapping.ts";
import { entryPath, opaqueName, whiteoutOf } from "./entry-path.ts";
import { checkSignal } from "./limits.ts";
import { readBytes, toStream } from "./stream.ts";
import { encodeTarHeader, tarEnd, tarPadding } from "./tar-write.ts";
import type { PackOptions, TarEntryType, TarHeader } from "./types.ts";

/** A tar of a directory: entries sorted, no user names, hard links kept, the same bytes for the same tree. */
export function packTree(directory: string, options: PackOptions = {}): ReadableStream<Uint8Array> {
  return toStream(pack(directory, options, false));
}

/** The layer that an overlay upper directory is: packTree with whiteouts and opaque marks in OCI form. Reproducible. */
export function diffLayer(upperDirectory: string, options: PackOptions = {}): ReadableStream<Uint8Array> {
  return toStream(pack(upperDirectory, options, true));
}

async function* pack(
  directory: string,
  options: PackOptions,
  overlay: boolean,
): AsyncGenerator<Uint8Array, void, undefined> {
  using tree = new TreeRoot(directory);
  const packer = new Packer(options, overlay);
  for (const bytes of packer.pieces(tree)) {
    checkSignal(options.signal);
    yield bytes;
  }
}

const types: Readonly<Record<number, TarEntryType>> = {
  [constants.S_IFREG]: "file",
  [constants.S_IFDIR]: "directory",
  [constants.S_IFLNK]: "symlink",
  [constants.S_IFCHR]: "char",
  [constants.S_IFBLK]: "block",
  [constants.S_IFIFO]: "fifo",
};

/** Where an entry is, what the filter calls it, what the archive calls it. */
interface Entry extends NameAt {
  readonly path: string;
  readonly archived: string;
}

type Pieces = Generator<Uint8Array, void, undefined>;

class Packer {
  readonly #options: PackOptions;
  readonly #overlay: boolean;
  readonly #links = new Map<string, string>();
  #buffer = new Uint8Array(readBytes);
  #filled = 0;

  constructor(options: PackOptions, overlay: boolean) {
    this.#options = options;
    this.#overlay = overlay;
  }

  *pieces(tree: TreeRoot): Pieces {
    yield* this.#start(tree);
    yield* this.#put(tarEnd);
    yield this.#buffer.subarray(0, this.#filled);
  }

  *#start(tree: TreeRoot): Pieces {
    const from = entryPath(this.#options.from ?? "");
    const as = this.#options.as ?? ".";
    if (from === "" || this.#options.followFrom)
      return yield* this.#startDirectory(tree.open(from, constants.O_RDONLY | constants.O_DIRECTORY), as);
    const { parent, name } = splitPath(from);
    const directory = tree.directory(parent);
    const stat = statAt(directory, name);
    if (stat === undefined) throw new EngineError("not_found", `no such file or directory: ${JSON.stringify(from)}`);
    if (isDirectory(stat))
      return yield* this.#startDirectory(openDirectoryAt(directory, name), as, { directory, name });
    yield* this.#present({ directory, name, path: name, archived: as === "." ? name : as });
  }

  *#startDirectory(descriptor: number, as: string, at?: NameAt): Pieces {
    try {
      if (as !== "." || this.#options.withTop) {
        const xattrs = at && this.#xattrs(at);
        yield* this.#header(this.#headerOf(statDescriptor(descriptor), as === "." ? "./" : as, xattrs));
      }
      yield* this.#children(descriptor, "", this.#options.prefix ?? (as === "." ? "" : `${as}/`));
    } finally {
      closeDescriptor(descriptor);
    }
  }

  *#children(directory: number, prefix: string, archivedPrefix: string): Pieces {
    for (const name of listDirectory(directory).toSorted(byBytes)) {
      yield* this.#entry({ directory, name, path: prefix + name, archived: archivedPrefix + name });
    }
  }

  /** What vanishes while it is looked at, or becomes something else, is left out: others may write to the tree. */
  *#entry(entry: Entry): Pieces {
    try {
      yield* this.#present(entry);
    } catch (error) {
      if (!(error instanceof SyscallError) || !vanished.has(error.errno)) throw error;
    }
  }

  *#present(entry: Entry): Pieces {
    const stat = statAt(entry.directory, entry.name);
    if (stat === undefined) return;
    const directory = isDirectory(stat);
    const verdict = this.#options.filter?.(entry.path, directory) ?? "keep";
    if (verdict === "prune" || (verdict === "skip" && !directory)) return;
    if (this.#overlay && isWhiteout(stat)) return yield* this.#whiteout(entry);
    if (directory) return yield* this.#directory(entry, stat, verdict === "keep");
    yield* this.#leaf(entry, stat);
  }

  *#whiteout({ path, archived, name }: Entry): Pieces {
    if (this.#options.omitWhiteout?.(path) !== true) yield* this.#mark(siblingOf(archived, whiteoutOf(name)));
  }

  *#directory(entry: Entry, stat: TreeStat, keep: boolean): Pieces {
    const all = readXattrsAt(entry);
    if (keep) yield* this.#header(this.#headerOf(stat, entry.archived, this.#filterXattrs(all)));
    if (keep && this.#overlay && isOpaque(all)) yield* this.#mark(`${entry.archived}/${opaqueName}`);
    const descriptor = openDirectoryAt(entry.directory, entry.name);
    try {
      yield* this.#children(descriptor, `${entry.path}/`, `${entry.archived}/`);
    } finally {
      closeDescriptor(descriptor);
    }
  }

  *#leaf(entry: Entry, stat: TreeStat): Pieces {
    const type = types[stat.mode & constants.S_IFMT];
    // A socket has no meaning without the process behind it, and tar no word for it.
    if (type === undefined) return;
    const first = this.#links.get(linkKey(stat));
    if (first !== undefined)
      return yield* this.#header({ ...this.#headerOf(stat, entry.archived), type: "hardlink", linkPath: first });
    if (type === "file") return yield* this.#file(entry);
    const header = this.#headerOf(stat, entry.archived, this.#xattrs(entry));
    const linkPath = type === "symlink" ? readLinkAt(entry.directory, entry.name) : "";
    this.#rememberLink(stat, entry.archived);
    yield* this.#header({ ...header, linkPath });
  }

  *#file(entry: Entry): Pieces {
    const open = openRegularAt(entry);
    if (open === undefined) return;
    const { descriptor, stat } = open;
    try {
      const header = this.#headerOf(stat, entry.archived, this.#fileXattrs(descriptor));
      this.#rememberLink(stat, entry.archived);
      yield* this.#header({ ...header, size: stat.size });
      yield* this.#content(descriptor, stat.size);
      yield* this.#put(tarPadding(stat.size));
    } finally {
      closeDescriptor(descriptor);
    }
  }

  /** Exactly `size` bytes: what a file that shrinks lacks is zeros, what it grew is left out. */
  *#content(descriptor: number, size: number): Pieces {
    for (let left = size; left > 0;) {
      if (this.#filled === readBytes) yield this.#flush();
      const room = Math.min(left, readBytes - this.#filled);
      const count = readSync(descriptor, this.#buffer, this.#filled, room, null);
      if (count === 0) this.#buffer.fill(0, this.#filled, this.#filled + room);
      this.#filled += count || room;
      left -= count || room;
    }
  }

  *#put(bytes: Uint8Array): Pieces {
    for (let rest = bytes; rest.length > 0;) {
      if (this.#filled === readBytes) yield this.#flush();
      const part = rest.subarray(0, readBytes - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      rest = rest.subarray(part.length);
    }
  }

  #flush(): Uint8Array {
    const full = this.#buffer;
    this.#buffer = new Uint8Array(readBytes);
    this.#filled = 0;
    return full;
  }

  *#header(header: TarHeader): Pieces {
    yield* this.#put(encodeTarHeader(header));
  }

  /** Whiteouts and opaque marks say nothing but their name, so that a layer depends on what was deleted alone, not on when. */
  *#mark(path: string): Pieces {
    yield* this.#put(encodeTarHeader({ path, type: "file", mode: 0o600, size: 0 }));
  }

  #headerOf(stat: TreeStat, path: string, xattrs: ReadonlyMap<string, Uint8Array> = noXattrs): TarHeader {
    const { owner, idMappings } = this.#options;
    return {
      path,
      type: types[stat.mode & constants.S_IFMT] ?? "file",
      size: 0,
      mode: stat.mode & 0o7777,
      uid: owner?.uid ?? insideId(idMappings?.uids, stat.uid),
      gid: owner?.gid ?? insideId(idMappings?.gids, stat.gid),
      mtimeNs: this.#timeOf(stat),
      linkPath: "",
      uname: "",
      gname: "",
      devMajor: stat.devMajor,
      devMinor: stat.devMinor,
      xattrs,
    };
  }

  #timeOf({ mtimeNs }: TreeStat): bigint {
    const { maxMtimeNs, wholeSeconds } = this.#options;
    const time = maxMtimeNs !== undefined && mtimeNs > maxMtimeNs ? maxMtimeNs : mtimeNs;
    return wholeSeconds ? time - (((time % second) + second) % second) : time;
  }

  /** The path under which this inode is in the archive. */
  #rememberLink(stat: TreeStat, archived: string): void {
    if (stat.links > 1) this.#links.set(linkKey(stat), archived);
  }

  #xattrs(at: NameAt): ReadonlyMap<string, Uint8Array> {
    return this.#options.xattrs === false ? noXattrs : this.#filterXattrs(readXattrsAt(at));
  }

  #fileXattrs(descriptor: number): ReadonlyMap<string, Uint8Array> {
    return this.#options.xattrs === false ? noXattrs : this.#filterXattrs(readXattrsFile(descriptor));
  }

  /** Only what means the same on another host: file capabilities and users' own attributes. */
  #filterXattrs(all: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
    if (this.#options.xattrs === false || all.size === 0) return noXattrs;
    return new Map([...all].filter(([name]) => name === "security.capability" || /^user\.(?!overlay\.)/.test(name)));
  }
}

const second = 1_000_000_000n;
const { ENOENT, ENOTDIR, ELOOP, EINVAL } = os.errno;
/** What the calls of one entry answer when it is gone, or another kind of thing than a moment ago. */
const vanished = new Set([ENOENT, ENOTDIR, ELOOP, EINVAL]);

function linkKey({ device, inode }: TreeStat): string {
  return `${device}/${inode}`;
}

const noXattrs: ReadonlyMap<string, Uint8Array> = new Map();

/** The mark of an overlay directory that shows nothing of what is below it. */
export function isOpaque(xattrs: ReadonlyMap<string, Uint8Array>): boolean {
  return xattrs.get("trusted.overlay.opaque")?.[0] === 0x79;
}

function siblingOf(path: string, name: string): string {
  const { parent } = splitPath(path);
  return parent === "" ? name : `${parent}/${name}`;
}

/** Byte order: the same in every locale. */
function byBytes(left: string, right: string): number {
  return Buffer.compare(encodeName(left), encodeName(right));
}
