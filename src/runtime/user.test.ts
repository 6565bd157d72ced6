import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolveUser } from "./user.ts";

function makeRoot(): string {
  const directory = mkdtempSync(`/tmp/lighter-test-${process.pid}-user-`);
  mkdirSync(join(directory, "etc"));
  return directory;
}

const root = makeRoot();
const hostile = makeRoot();
afterAll(() => [root, hostile].forEach((directory) => rmSync(directory, { recursive: true })));
writeFileSync(
  join(root, "etc/passwd"),
  "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\nbad:x:4294967296:0::/:\n12:x:77:78::/odd:\n",
);
writeFileSync(join(root, "etc/group"), "root:x:0:\napp:x:1001:\nwheel:x:10:app,root\nextra:x:20:\n");

describe("resolveUser", () => {
  test.each([
    ["", 0, 0, [0, 10], "/root"],
    ["app", 1000, 1001, [1001, 10], "/home/app"],
    ["app:root", 1000, 0, [0], "/home/app"],
    ["1000", 1000, 1001, [1001, 10], "/home/app"],
    ["1", 1, 0, [0], "/"],
    ["1:", 1, 0, [0], "/"],
    [":1", 0, 1, [1], "/root"],
    ["1:1", 1, 1, [1], "/"],
    ["5000:wheel", 5000, 10, [10], "/"],
    ["12", 77, 78, [78], "/odd"],
    ["2147483647", 2147483647, 0, [0], "/"],
  ])("%p", (text, uid, gid, additionalGids, home) => {
    expect(resolveUser(root, text)).toEqual({ uid, gid, additionalGids, home });
  });

  test.each(["2147483648", "4294967296", "-1", "0:-1", "99999999999999999999"])("%p is out of range", (text) => {
    expect(() => resolveUser(root, text)).toThrow("uids and gids must be in range 0-2147483647");
  });

  test.each(["nobody", "bad", "1000:nogroup", "1e3", "0x10"])("%p is not found", (text) => {
    expect(() => resolveUser(root, text)).toThrow(/unable to find (user|group)/);
  });

  test("added groups come on top", () => {
    expect(resolveUser(root, "app", ["extra", "30"]).additionalGids).toEqual([1001, 10, 20, 30]);
  });
});

test("hostile files are not followed out of the root, and not read without end", () => {
  const passwd = join(hostile, "etc/passwd");
  symlinkSync("../../../../../../../../../etc/passwd", passwd);
  expect(() => resolveUser(hostile, "root")).toThrow("unable to find user root");
  unlinkSync(passwd);
  writeFileSync(passwd, Buffer.alloc(1024 * 1024 + 1));
  expect(() => resolveUser(hostile, "root")).toThrow("more than");
  unlinkSync(passwd);
  expect(Bun.spawnSync(["mkfifo", passwd]).exitCode).toBe(0);
  expect(() => resolveUser(hostile, "")).toThrow("/etc/passwd of the image is a named pipe");
});
