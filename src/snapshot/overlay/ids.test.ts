import { afterEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openUserNamespace, withFileIdentity } from "#linux";
import { createMounter } from "./mod.ts";

const base = 0x7000_0000;
const mappings = {
  uids: [{ container: 0, host: base, size: 1000 }],
  gids: [{ container: 0, host: base + 5, size: 1000 }],
};
const mounter = createMounter();

describe.skipIf(process.getuid?.() !== 0)("mounts with the ids of a user namespace", () => {
  const roots: string[] = [];
  afterEach(() => {
    for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
  });
  const layers = (): { readonly root: string; readonly at: (path: string) => string } => {
    const root = mkdtempSync(join(tmpdir(), "ids-"));
    roots.push(root);
    const at = (path: string): string => join(root, path);
    for (const path of ["1/fs", "2/fs", "2/work", "target"]) mkdirSync(at(path), { recursive: true });
    writeFileSync(at("1/fs/root"), "lower");
    writeFileSync(at("1/fs/user"), "lower");
    chownSync(at("1/fs/user"), 33, 33);
    return { root, at };
  };

  test("layers stay as they are on disk, writes are kept with the ids of inside", async () => {
    const { at } = layers();
    using namespace = await openUserNamespace(mappings);
    const ids = { userNamespace: namespace.path, root: { uid: base, gid: base + 5 } };
    const before = lstatSync(at("1/fs/user"));
    mounter.mount(
      { type: "overlay", lower: [at("1/fs")], upper: at("2/fs"), work: at("2/work"), readonly: false },
      at("target"),
      ids,
    );
    try {
      const seen = statSync(at("target/user"));
      expect([seen.uid, seen.gid, seen.ino]).toEqual([base + 33, base + 5 + 33, before.ino]);
      // The host's root has no id in there.
      expect(() => writeFileSync(at("target/new"), "x")).toThrow("EOVERFLOW");
      withFileIdentity(ids.root, () => writeFileSync(at("target/new"), "x"));
      chownSync(at("target/new"), base + 7, base + 5 + 7);
      writeFileSync(at("target/user"), "upper");
      unlinkSync(at("target/root"));
      expect(() => chownSync(at("target/new"), 0, 0)).toThrow("EOVERFLOW");
    } finally {
      mounter.unmount(at("target"));
    }
    const owner = (path: string): readonly number[] => [lstatSync(at(path)).uid, lstatSync(at(path)).gid];
    expect(owner("2/fs/new")).toEqual([7, 7]);
    expect(owner("2/fs/user")).toEqual([33, 33]);
    expect(owner("2/fs/root")).toEqual([0, 0]);
    expect(owner("2/work/work")).toEqual([0, 0]);
    expect(lstatSync(at("1/fs/user"))).toMatchObject({ uid: 33, ino: before.ino, ctimeMs: before.ctimeMs });
    expect(lstatSync(at("target.ids"), { throwIfNoEntry: false })).toBeUndefined();
  });

  test("a file and a directory can be shown", async () => {
    const { at } = layers();
    using namespace = await openUserNamespace(mappings);
    const ids = { userNamespace: namespace.path, root: { uid: base, gid: base + 5 } };
    writeFileSync(at("file"), "");
    for (const [source, target, path] of [
      ["1/fs", "target", "target/user"],
      ["1/fs/user", "file", "file"],
    ] as const) {
      mounter.bind(at(source), at(target), ids, { recursive: true });
      expect(statSync(at(path)).uid).toBe(base + 33);
      mounter.unmount(at(target));
    }
  });

  test("a file system that cannot is refused, and named", async () => {
    using namespace = await openUserNamespace(mappings);
    const ids = { userNamespace: namespace.path, root: { uid: base, gid: base } };
    const text = "user namespaces need idmapped mounts, which the file system of /proc does not support";
    expect(() => mounter.checkIds("/proc", ids)).toThrow(text);
    const { at } = layers();
    expect(() => mounter.bind("/proc", at("target"), ids, { recursive: false })).toThrow(text);
    chmodSync(at("target"), 0o700);
    mounter.checkIds(at("target"), ids);
  });

  test("ids that the kernel does not take are told", async () => {
    const wrong = { uids: [{ container: 0, host: base, size: 0 }], gids: mappings.gids };
    expect(openUserNamespace(wrong)).rejects.toThrow("no user namespace with the ids");
  });
});
