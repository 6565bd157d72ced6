import { open } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "#core";
import { resolveBeneath } from "./tree.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const maxBytes = 4 * 1024 * 1024;
const maxId = 0xffff_fffe;

/**
 * `user[:group]` of --chown, names by the image's own /etc/passwd and /etc/group. Without a group: the same number, or the group
 * of the user's name, or the user's own group. @throws EngineError `invalid` with Docker's text for names that are not there
 */
export async function resolveOwner(text: string, root: string): Promise<Owner> {
  const parts = text.split(":");
  const [user = "", group = ""] = parts;
  if (parts.length > 2 || user === "") throw new EngineError("invalid", `invalid chown string parsing: ${text}`);
  const uid = numericId(user) ?? (await userId(user, root));
  if (group !== "") return { uid, gid: numericId(group) ?? (await groupId(group, root)) };
  return { uid, gid: numericId(user) ?? (await groupOfUser(user, root)) };
}

function numericId(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= maxId ? Number(text) : undefined;
}

async function userId(name: string, root: string): Promise<number> {
  const id = numericId((await findRow(root, "etc/passwd", name))?.[2] ?? "");
  if (id !== undefined) return id;
  throw unknownName(`can't find uid for user ${name}: no such user: ${name}`);
}

async function groupId(name: string, root: string): Promise<number> {
  const id = numericId((await findRow(root, "etc/group", name))?.[2] ?? "");
  if (id !== undefined) return id;
  throw unknownName(`can't find gid for group ${name}: no such group: ${name}`);
}

async function groupOfUser(name: string, root: string): Promise<number> {
  const same = numericId((await findRow(root, "etc/group", name))?.[2] ?? "");
  const primary = numericId((await findRow(root, "etc/passwd", name))?.[3] ?? "");
  return same ?? primary ?? (await groupId(name, root));
}

function unknownName(reason: string): EngineError {
  return new EngineError("invalid", `unable to convert uid/gid chown string to host mapping: ${reason}`);
}

async function findRow(root: string, file: string, name: string): Promise<readonly string[] | undefined> {
  for (const line of (await readSmall(root, file)).split("\n")) {
    const row = line.split(":");
    if (row[0] === name) return row;
  }
  return undefined;
}

/** A regular file of the image, bounded; empty when there is none. */
async function readSmall(root: string, path: string): Promise<string> {
  const resolved = await resolveBeneath(root, path, { followLast: true });
  if (resolved.kind !== "file") return "";
  await using handle = await open(join(root, resolved.path));
  const buffer = Buffer.alloc(Math.min((await handle.stat()).size, maxBytes));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
  return buffer.toString("utf8", 0, bytesRead);
}
