import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { diskUsage, statFs, syncFs } from "./files.ts";
import { mountTmpfs, unmount } from "./mounts.ts";
import { getXattr, listXattrs, removeXattr, setXattr } from "./xattr.ts";

describe.skipIf(process.getuid?.() !== 0)("files", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync("/tmp/lighter-files-");
    mountTmpfs(root);
  });
  afterEach(() => {
    unmount(root, { detach: true });
    rmdirSync(root);
  });

  test("disk usage is what du says: hard links once, other file systems not", async () => {
    mkdirSync(`${root}/a/b`, { recursive: true });
    writeFileSync(`${root}/a/one`, "x".repeat(100_000));
    linkSync(`${root}/a/one`, `${root}/a/b/two`);
    symlinkSync("/usr", `${root}/a/link`);
    mkdirSync(`${root}/other`);
    mountTmpfs(`${root}/other`);
    writeFileSync(`${root}/other/big`, "y".repeat(1_000_000));
    const du = Bun.spawnSync(["du", "-sx", "--block-size=1", root]).stdout.toString();
    const usage = await diskUsage(root);
    expect(usage.bytes).toBe(Number.parseInt(du, 10));
    expect(usage.inodes).toBe(5); // root, a, b, one, link
    unmount(`${root}/other`);
  });

  test("what is not there, or goes while it is counted, counts nothing", async () => {
    expect(await diskUsage(`${root}/absent`)).toEqual({ bytes: 0, inodes: 0 });
    for (let at = 0; at < 40; at++) {
      mkdirSync(`${root}/goes/${at}`, { recursive: true });
      for (let file = 0; file < 40; file++) writeFileSync(`${root}/goes/${at}/${file}`, "");
    }
    const counting = diskUsage(`${root}/goes`);
    for (const name of readdirSync(`${root}/goes`)) {
      for (const file of readdirSync(`${root}/goes/${name}`)) unlinkSync(`${root}/goes/${name}/${file}`);
      rmdirSync(`${root}/goes/${name}`);
    }
    expect((await counting).inodes).toBeLessThan(1641);
  });

  test("file systems are named and measured", () => {
    expect(statFs(root).type).toBe("tmpfs");
    expect(statFs("/sys").type).toBe("0x62656572");
    expect(statFs(root).availableBytes).toBeLessThanOrEqual(statFs(root).totalBytes);
    syncFs(root);
    expect(() => syncFs(`${root}/absent`)).toThrow("ENOENT");
  });

  test("extended attributes are set, listed, read and removed, on links themselves too", () => {
    const path = `${root}/file`;
    writeFileSync(path, "");
    expect(listXattrs(path)).toEqual([]);
    setXattr(path, "trusted.big", Buffer.alloc(1000, "z"));
    setXattr(path, "trusted.empty", new Uint8Array());
    expect(listXattrs(path).toSorted()).toEqual(["trusted.big", "trusted.empty"]);
    expect(getXattr(path, "trusted.big")).toEqual(Buffer.alloc(1000, "z"));
    expect(getXattr(path, "trusted.empty")).toHaveLength(0);
    expect(getXattr(path, "trusted.absent")).toBeUndefined();
    expect([removeXattr(path, "trusted.big"), removeXattr(path, "trusted.big")]).toEqual([true, false]);
    symlinkSync("file", `${root}/link`);
    setXattr(`${root}/link`, "trusted.own", Buffer.from("1"));
    expect(listXattrs(path)).toEqual(["trusted.empty"]);
    expect(() => setXattr(`${root}/absent`, "trusted.x", Buffer.from("1"))).toThrow("no such file or directory");
  });
});
