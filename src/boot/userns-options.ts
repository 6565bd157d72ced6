import { readFileSync } from "node:fs";
import { EngineError } from "#core";
import type { UserNamespaceOptions } from "#engine";

type IdMappings = Exclude<UserNamespaceOptions["remap"], string>;
type IdRange = IdMappings["uids"][number];
type Pool = UserNamespaceOptions["pool"];

/** Text of a file of /etc; empty when there is none. */
export type ReadFile = (path: string) => string;

/**
 * Where nobody else takes ids from: beyond those that systemd gives to containers and below 2³¹ (systemd's UIDS-GIDS.md).
 * The first 65536 are those of `userns-remap=default` on a host without a user `dockremap`.
 */
const ownRange: IdRange = { container: 0, host: 0x7000_0000, size: 65_536 };
const ownPool: Pool = { uid: 0x7001_0000, gid: 0x7001_0000, size: 0x0ffd_0000 };

/** Whose entries in /etc/subuid and /etc/subgid `auto` allocates from. */
const poolUser = "lighter";

/**
 * `userns-remap` (Docker's forms, and `auto`) and `userns-auto-range` (`first:size`).
 * @throws EngineError `invalid` for users, groups and ranges that are not there
 */
export function userNamespaceOptions(
  remap: string | undefined,
  autoRange: string | undefined,
  read: ReadFile = readIfThere,
): UserNamespaceOptions {
  return { remap: remapOf(remap ?? "", read), pool: autoRange === undefined ? poolOf(read) : parseRange(autoRange) };
}

function remapOf(remap: string, read: ReadFile): UserNamespaceOptions["remap"] {
  // Root as itself: Docker turns them off.
  if (remap === "" || remap === "root") return "none";
  if (remap === "auto") return "auto";
  if (remap === "default") {
    const [uids, gids] = [rangesOf("dockremap", "/etc/subuid", read), rangesOf("dockremap", "/etc/subgid", read)];
    return uids.length > 0 && gids.length > 0 ? { uids, gids } : { uids: [ownRange], gids: [ownRange] };
  }
  const parts = remap.split(":");
  if (parts.length > 2 || parts.includes(""))
    throw invalid(`invalid user/group specification in --userns-remap: ${JSON.stringify(remap)}`);
  const [user = "", group] = parts;
  const account = findAccount("uid", user, "/etc/passwd", read);
  const owner = group === undefined ? account : findAccount("gid", group, "/etc/group", read);
  if (account.name === "root") return "none";
  return {
    uids: required("uid", account, "/etc/subuid", read),
    gids: required("gid", owner, "/etc/subgid", read),
  };
}

interface Account {
  readonly name: string;
  readonly id: string;
}

/** By name or number. */
function findAccount(kind: "uid" | "gid", text: string, file: string, read: ReadFile): Account {
  const isId = /^\d+$/.test(text);
  for (const line of read(file).split("\n")) {
    const [name = "", , id = ""] = line.split(":");
    if ((isId ? id : name) === text) return { name, id };
  }
  throw invalid(
    isId ? `${kind} ${text} has no entry in ${file}` : `error during ${kind} lookup for "${text}": not in ${file}`,
  );
}

function required(kind: "uid" | "gid", { name, id }: Account, file: string, read: ReadFile): readonly IdRange[] {
  const named = rangesOf(name, file, read);
  const ranges = named.length > 0 ? named : rangesOf(id, file, read);
  if (ranges.length > 0) return ranges;
  throw invalid(
    `Can't create ID mappings: no sub${kind} ranges found for ${kind === "uid" ? "user" : "group"} "${name}" in ${file}`,
  );
}

/** `name:first:size` lines, joined in order of their first id. */
function rangesOf(name: string, file: string, read: ReadFile): readonly IdRange[] {
  const lines = read(file)
    .split("\n")
    .map((line) => line.split(":"));
  const own = lines.filter(([owner, first = "", size = ""]) => owner === name && isNumber(first) && isNumber(size));
  let container = 0;
  return own
    .map(([, first, size]) => ({ host: Number(first), size: Number(size) }))
    .toSorted((a, b) => a.host - b.host)
    .map(({ host, size }) => {
      const range = { container, host, size };
      container += size;
      return range;
    });
}

function poolOf(read: ReadFile): Pool {
  const [uids] = rangesOf(poolUser, "/etc/subuid", read);
  const [gids] = rangesOf(poolUser, "/etc/subgid", read);
  if (uids === undefined || gids === undefined) return ownPool;
  return { uid: uids.host, gid: gids.host, size: Math.min(uids.size, gids.size) };
}

function parseRange(text: string): Pool {
  const match = /^(\d{1,10}):(\d{1,10})$/.exec(text);
  const [first, size] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
  if (first > 0 && size > 0 && first + size < 2 ** 32) return { uid: first, gid: first, size };
  throw invalid(`invalid value for userns-auto-range: ${text}: must be first:size, both above 0`);
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}

function invalid(message: string): EngineError {
  return new EngineError("invalid", message);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
