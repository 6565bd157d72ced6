import { closeSync, constants, fstatSync, readSync } from "node:fs";
import { EngineError, isEngineError } from "#core";
import { TreeRoot } from "#linux";

/** Bytes of /etc/passwd or /etc/group that are read; a longer file is refused. */
const maxFileBytes = 1024 * 1024;
/** Docker's bound for ids of a user; the kernel would take more. */
const maxId = 2 ** 31 - 1;

/** A process's identity, as numbers. `home` is where HOME points. */
export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  readonly home: string;
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/**
 * Resolves Docker's `user[:group]` (names or ids) against the files of a root directory, which may be hostile or change
 * meanwhile: paths are resolved inside the root, reads are bounded. Groups of `groupAdd` come on top.
 * @throws EngineError `invalid` `unable to find user x: no matching entries in passwd file`
 */
export function resolveUser(root: string, specification: string, groupAdd: readonly string[] = []): ResolvedUser {
  using tree = new TreeRoot(root);
  const users = parsePasswd(readRootFile(tree, "etc/passwd"));
  const groups = parseGroup(readRootFile(tree, "etc/group"));
  const colon = specification.indexOf(":");
  const userText = colon < 0 ? specification : specification.slice(0, colon);
  const groupText = colon < 0 ? "" : specification.slice(colon + 1);
  const entry = findUser(users, userText);
  const gid = groupText === "" ? entry.gid : findGroup(groups, groupText);
  const supplementary =
    groupText === "" ? groups.filter(({ members }) => members.includes(entry.name)).map((group) => group.gid) : [];
  const added = groupAdd.map((text) => findGroup(groups, text));
  // The primary group too: else a file that denies it to the group is open to whoever drops that group (CVE-2022-36109).
  const additionalGids = [...new Set([gid, ...supplementary, ...added])];
  return { uid: entry.uid, gid, additionalGids, home: entry.home };
}

function findUser(users: readonly PasswdEntry[], text: string): PasswdEntry {
  if (text === "") return findUser(users, "0");
  const named = users.find(({ name }) => name === text);
  if (named) return named;
  const uid = parseId(text);
  if (uid === undefined)
    throw new EngineError("invalid", `unable to find user ${text}: no matching entries in passwd file`);
  return users.find((user) => user.uid === uid) ?? { name: "", uid, gid: 0, home: uid === 0 ? "/root" : "/" };
}

function findGroup(groups: readonly GroupEntry[], text: string): number {
  const named = groups.find(({ name }) => name === text);
  const gid = named?.gid ?? parseId(text);
  if (gid === undefined)
    throw new EngineError("invalid", `unable to find group ${text}: no matching entries in group file`);
  return gid;
}

function parseId(text: string): number | undefined {
  if (!/^-?\d+$/.test(text)) return undefined;
  const id = Number(text);
  if (id < 0 || id > maxId) throw new EngineError("invalid", `uids and gids must be in range 0-${maxId}`);
  return id;
}

function parsePasswd(text: string): PasswdEntry[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", , uid = "", gid = "", , home = ""] = line.split(":");
    return isId(uid) && isId(gid) && name !== ""
      ? [{ name, uid: Number(uid), gid: Number(gid), home: home || "/" }]
      : [];
  });
}

function parseGroup(text: string): GroupEntry[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", , gid = "", members = ""] = line.split(":");
    return isId(gid) && name !== ""
      ? [{ name, gid: Number(gid), members: members.split(",").filter((member) => member !== "") }]
      : [];
  });
}

function isId(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) <= maxId;
}

/** The text of a regular file inside the root; empty when there is none. @throws EngineError `invalid` for a FIFO, a file too long */
function readRootFile(tree: TreeRoot, path: string): string {
  const descriptor = openRegular(tree, path);
  if (descriptor === undefined) return "";
  try {
    const { size } = fstatSync(descriptor);
    if (size > maxFileBytes)
      throw new EngineError("invalid", `/${path} of the image has ${size} bytes, more than ${maxFileBytes}`);
    const buffer = Buffer.allocUnsafe(size);
    return buffer.toString("utf8", 0, readSync(descriptor, buffer, 0, size, 0));
  } finally {
    closeSync(descriptor);
  }
}

function openRegular(tree: TreeRoot, path: string): number | undefined {
  let descriptor: number;
  try {
    descriptor = tree.open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if (isEngineError(error)) return undefined;
    throw error;
  }
  const stat = fstatSync(descriptor);
  if (stat.isFile()) return descriptor;
  closeSync(descriptor);
  // runc opens these files again and would wait there for a writer.
  if (stat.isFIFO()) throw new EngineError("invalid", `/${path} of the image is a named pipe`);
  return undefined;
}
