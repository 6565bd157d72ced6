import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bindMount, unmount } from "#linux";
import { mountsBelow, removeTestTree } from "../../../test/support/remove.ts";
import type { TreeView, ViewMount } from "../mod.ts";
import { createMounter } from "./mounter.ts";

const mounter = createMounter();

describe.skipIf(process.getuid?.() !== 0)("a tree view", () => {
  let top = "";
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), "view-"));
    for (const name of ["root/etc", "root/vol", "volume/sub"]) mkdirSync(join(top, name), { recursive: true });
    writeFileSync(join(top, "root/etc/hosts"), "inside");
    writeFileSync(join(top, "volume/x"), "x");
    writeFileSync(join(top, "hosts"), "outside");
  });
  afterEach(() => {
    expect(existsSync(join(top, "scratch"))).toBe(false);
    expect(mountsBelow(top)).toEqual([]);
    removeTestTree(top);
  });

  const at = (source: string, destination: string, more: Partial<ViewMount> = {}): ViewMount => {
    return { source: join(top, source), destination, readonly: false, recursive: true, ...more };
  };
  const open = (mounts: readonly ViewMount[], readonlyRoot = false): TreeView =>
    mounter.openView({ root: join(top, "root"), mounts, readonlyRoot, scratch: join(top, "scratch") });

  test("shows directories and files where they are mounted, and the original is as it was", () => {
    using view = open([at("volume", "/vol"), at("hosts", "/etc/hosts")]);
    expect(readdirSync(`${view.path}/vol`).toSorted()).toEqual(["sub", "x"]);
    expect(readFileSync(`${view.path}/etc/hosts`, "utf8")).toBe("outside");
    expect(readdirSync(join(top, "root/vol"))).toEqual([]);
    expect(readFileSync(join(top, "root/etc/hosts"), "utf8")).toBe("inside");
  });

  test("makes mount points that are missing", () => {
    using view = open([at("volume", "/new/deep"), at("hosts", "/etc/new/file")]);
    expect(readFileSync(`${view.path}/new/deep/x`, "utf8")).toBe("x");
    expect(readFileSync(`${view.path}/etc/new/file`, "utf8")).toBe("outside");
    expect(statSync(join(top, "root/new/deep")).mode & 0o777).toBe(0o755);
  });

  test("mounts in mounts, and takes along what is mounted in a source only when asked", () => {
    mkdirSync(join(top, "source/deep"), { recursive: true });
    bindMount(join(top, "volume"), join(top, "source/deep"));
    try {
      for (const recursive of [true, false]) {
        using view = open([at("source", "/vol", { recursive }), at("hosts", "/vol/etc/hosts")]);
        expect(existsSync(`${view.path}/vol/deep/x`)).toBe(recursive);
        expect(readFileSync(`${view.path}/vol/etc/hosts`, "utf8")).toBe("outside");
      }
    } finally {
      unmount(join(top, "source/deep"), { detach: true });
    }
  });

  test("read-only mounts and a read-only root refuse writes, the rest takes them", () => {
    using view = open([at("volume", "/vol", { readonly: true }), at("volume/sub", "/vol/sub")], true);
    const write = (path: string) => (): void => writeFileSync(`${view.path}/${path}`, "");
    expect(write("new")).toThrow("EROFS");
    expect(write("vol/new")).toThrow("EROFS");
    write("vol/sub/new")();
    expect(existsSync(join(top, "volume/sub/new"))).toBe(true);
  });

  test("a mount point that is a link leads nowhere but inside", () => {
    mkdirSync(join(top, "canary"));
    symlinkSync(join(top, "canary"), join(top, "root/link"));
    symlinkSync("../../../../../../../../..", join(top, "root/up"));
    using view = open([at("volume", "/link"), at("volume", `/up${top}/canary/deep`)]);
    expect(readdirSync(join(top, "canary"))).toEqual([]);
    expect(readlinkSync(join(top, "root/link"))).toBe(join(top, "canary"));
    expect(readFileSync(`${view.path}${top}/canary/x`, "utf8")).toBe("x");
  });

  test("a kind that does not fit, or a source that is gone, fails and leaves nothing", () => {
    expect(() => open([at("volume", "/etc/hosts")])).toThrow("not a directory");
    expect(() => open([at("volume", "/vol"), at("nope", "/vol/sub")])).toThrow("nope: no such file or directory");
  });

  test("a mount of layers appears nowhere, and lives as long as its view", () => {
    mkdirSync(join(top, "upper"));
    writeFileSync(join(top, "upper/etc"), "over");
    const lower = [join(top, "upper"), join(top, "root")];
    const view = mounter.openMount({ type: "overlay", lower, readonly: true }, join(top, "scratch"));
    expect(readFileSync(`${view.path}/etc`, "utf8")).toBe("over");
    view[Symbol.dispose]();
    expect(existsSync(view.path)).toBe(false);
  });
});
