import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { isEngineError } from "#core";
import { bindMount, isMountPoint, mountFlags, mountFs, mountTmpfs, setPropagation, unmount } from "./mounts.ts";
import { mountByData, mountOverlay, type OverlayOptions } from "./overlay.ts";

/** Everything happens on one tmpfs, which takes all of it away in the end. */
let root: string;

describe.skipIf(process.getuid?.() !== 0)("mounts", () => {
  beforeAll(() => {
    root = mkdtempSync("/tmp/lighter-mounts-");
    mountTmpfs(root, { mode: 0o700 });
    setPropagation(root, "private");
  });
  afterAll(() => {
    unmount(root, { detach: true });
    rmdirSync(root);
  });

  function directory(name: string): string {
    mkdirSync(`${root}/${name}`, { recursive: true });
    return `${root}/${name}`;
  }

  function layer(name: string, files: Readonly<Record<string, string>>): string {
    const path = directory(name);
    for (const [file, text] of Object.entries(files)) writeFileSync(`${path}/${file}`, text);
    return path;
  }

  test("bind mounts show the source, read-only where asked", () => {
    const [source, target] = [layer("source", { a: "1" }), directory("target")];
    bindMount(source, target, { readonly: true, propagation: "private" });
    expect(readFileSync(`${target}/a`, "utf8")).toBe("1");
    expect(() => writeFileSync(`${target}/b`, "")).toThrow("EROFS");
    writeFileSync(`${source}/b`, "");
    expect(unmount(target)).toBe(true);
    expect(readdirSync(target)).toEqual([]);
  });

  test("a read-only bind mount keeps the flags of its source", () => {
    const [source, target] = [directory("flagged"), directory("flagged-target")];
    mountFs({ source: "tmpfs", target: source, type: "tmpfs", flags: mountFlags.nosuid | mountFlags.noexec });
    bindMount(source, target, { readonly: true });
    const line = readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .find((text) => text.includes(` ${target} `));
    expect(line?.split(" ")[5]).toBe("ro,nosuid,noexec,relatime");
    for (const path of [target, source]) unmount(path);
  });

  test("unmount answers or throws when nothing is mounted", () => {
    const target = directory("plain");
    expect(unmount(target, { ifMounted: true })).toBe(false);
    expect(unmount(`${root}/absent`, { ifMounted: true })).toBe(false);
    expect(() => unmount(target)).toThrow(`umount "${target}": invalid argument`);
    expect(() => unmount(`${root}/absent`)).toThrow("no such file or directory");
  });

  test("a busy mount is a conflict, and can be detached", async () => {
    const target = directory("busy");
    mountTmpfs(target, { sizeBytes: 65536 });
    expect(isMountPoint(target)).toBe(true);
    const child = Bun.spawn(["/bin/busybox", "sleep", "60"], { cwd: target });
    try {
      let refused: unknown;
      try {
        unmount(target);
      } catch (error) {
        refused = error;
      }
      expect(isEngineError(refused, "conflict")).toBe(true);
      expect(unmount(target, { detach: true })).toBe(true);
      expect(isMountPoint(target)).toBe(false);
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
  });

  const ways = [
    ["mountOverlay", mountOverlay],
    ["mount(2)", mountByData],
  ] as const;

  describe.each(ways)("overlay by %s", (way, mount) => {
    const prefix = way === "mountOverlay" ? "new" : "old";

    function overlay(lower: readonly string[], name: string): OverlayOptions {
      const [upper, work] = [directory(`${prefix}-${name}-upper`), directory(`${prefix}-${name}-work`)];
      return { lower, upper, work, target: directory(`${prefix}-${name}-merged`) };
    }

    test("puts the first layer on top and writes into upper", () => {
      const options = overlay([layer("top", { f: "top" }), layer("bottom", { f: "bottom", g: "g" })], "order");
      mount(options);
      expect(readFileSync(`${options.target}/f`, "utf8")).toBe("top");
      writeFileSync(`${options.target}/g`, "changed");
      expect(readdirSync(options.upper ?? "")).toEqual(["g"]);
      expect(unmount(options.target)).toBe(true);
    });

    test("takes names with colons, commas and backslashes", () => {
      const odd = layer("odd:na,me\\x", { f: "odd" });
      const options = { ...overlay([odd], "odd"), upper: directory("up:p,er\\y") };
      mount(options);
      expect(readFileSync(`${options.target}/f`, "utf8")).toBe("odd");
      writeFileSync(`${options.target}/h`, "");
      expect(readdirSync(options.upper)).toEqual(["h"]);
      unmount(options.target);
    });

    test("takes 128 layers and paths longer than one option may be", () => {
      const long = "d".repeat(200);
      const lower = Array.from({ length: 128 }, (_, index) =>
        layer(`${long}/${long}/${index}`, { [`f${index}`]: String(index) }),
      );
      const options = overlay(lower, "many");
      mount(options);
      expect(readdirSync(options.target)).toHaveLength(128);
      unmount(options.target);
    });

    test("refuses to rename a lower directory, so that upper stays a plain diff", () => {
      const base = directory(`${prefix}-base`);
      mkdirSync(`${base}/dir`, { recursive: true });
      const options = overlay([base], "rename");
      mount(options);
      const rename = (): void => renameSync(`${options.target}/dir`, `${options.target}/moved`);
      expect(rename).toThrow("EXDEV"); // with redirect_dir=on the kernel would rename and leave a redirect
      unmount(options.target);
    });
  });

  test("several layers without upper, or one, are a read-only mount", () => {
    const [top, bottom, target] = [layer("ro-top", { a: "" }), layer("ro-bottom", { b: "" }), directory("ro")];
    mountOverlay({ lower: [top, bottom], target });
    expect(readdirSync(target).toSorted()).toEqual(["a", "b"]);
    expect(() => writeFileSync(`${target}/c`, "")).toThrow("EROFS");
    unmount(target);
    mountOverlay({ lower: [top], target });
    expect(() => writeFileSync(`${target}/c`, "")).toThrow("EROFS");
    unmount(target);
  });

  test("a refused overlay says why and leaves nothing", () => {
    const target = directory("refused");
    expect(() => mountOverlay({ lower: [], target })).toThrow("without lower directory");
    const absent = { lower: [`${root}/absent`], upper: directory("r-up"), work: directory("r-work"), target };
    expect(() => mountOverlay(absent)).toThrow(/absent.*no such file or directory/);
    expect(() => mountOverlay({ ...absent, lower: [directory("r-low")], options: ["nonsense=1"] })).toThrow(
      // Before Linux 6.5 overlayfs has its say in the kernel's log alone.
      /nonsense=1 .*[Uu]nknown parameter|invalid argument/,
    );
    expect(isMountPoint(target)).toBe(false);
  });
});
