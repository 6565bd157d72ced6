import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveOwner } from "./owner.ts";
import { resolveBeneath } from "./tree.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "build-tree-"));
  await mkdir(join(root, "etc"));
  await mkdir(join(root, "d/e"), { recursive: true });
  await writeFile(join(root, "etc/passwd"), "root:x:0:0::/:\nbob:x:1000:1001::/:\nalone:x:7:8::/:\n");
  await writeFile(join(root, "group.real"), "root:x:0:\nbob:x:1005:\nstaff:x:50:\n");
  await symlink("/group.real", join(root, "etc/group"));
  await symlink("../../../../etc", join(root, "d/up"));
  await symlink("d", join(root, "link"));
  await symlink("loop", join(root, "loop"));
  await symlink("/gone/far", join(root, "dangling"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("resolveBeneath", () => {
  test.each([
    ["/", { path: "", kind: "directory" }],
    ["../../d/./e/..", { path: "d", kind: "directory" }],
    ["link/e", { path: "d/e", kind: "directory" }],
    ["d/up/passwd", { path: "etc/passwd", kind: "file" }],
    ["link", { path: "d", kind: "directory" }],
    ["dangling", { path: "gone/far", kind: "absent", firstMissing: "gone" }],
    ["d/new/x", { path: "d/new/x", kind: "absent", firstMissing: "d/new" }],
    ["d/new/../e", { path: "d/e", kind: "directory" }],
    ["d/new/../../link/y", { path: "d/y", kind: "absent", firstMissing: "d/y" }],
  ] as const)("%s", async (path, expected) => {
    expect(await resolveBeneath(root, path, { followLast: true })).toEqual(expected);
  });

  test("the last link may stay", async () => {
    expect(await resolveBeneath(root, "link", { followLast: false })).toEqual({ path: "link", kind: "other" });
  });

  test("loops and files on the way are refused", async () => {
    await expect(resolveBeneath(root, "loop/x", { followLast: true })).rejects.toThrow("too many levels");
    await expect(resolveBeneath(root, "etc/passwd/x", { followLast: true })).rejects.toThrow(
      "/etc/passwd: not a directory",
    );
  });
});

describe("resolveOwner", () => {
  test.each([
    ["0", { uid: 0, gid: 0 }],
    ["5", { uid: 5, gid: 5 }],
    ["5:6", { uid: 5, gid: 6 }],
    ["bob", { uid: 1000, gid: 1005 }],
    ["alone", { uid: 7, gid: 8 }],
    ["bob:staff", { uid: 1000, gid: 50 }],
    ["9:staff", { uid: 9, gid: 50 }],
  ])("%s", async (text, expected) => expect(await resolveOwner(text, root)).toEqual(expected));

  test.each([
    ["nobody", "can't find uid for user nobody: no such user: nobody"],
    ["bob:nogrp", "can't find gid for group nogrp: no such group: nogrp"],
    ["a:b:c", "invalid chown string parsing: a:b:c"],
  ])("%s is refused", async (text, message) => {
    await expect(resolveOwner(text, root)).rejects.toThrow(message);
  });
});
