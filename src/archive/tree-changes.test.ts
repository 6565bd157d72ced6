import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { cloneMountTree, mountOverlay, setXattr, unmount, type FileDescriptor } from "#linux";
import { listTreeChanges } from "./mod.ts";
import { makeScratch } from "./testing.ts";

/** A real overlay on two layers: what is changed through the mount is what the upper directory then says. */
describe.skipIf(process.getuid?.() !== 0)("listTreeChanges", () => {
  let scratch: ReturnType<typeof makeScratch>;
  let merged = "";
  let below: FileDescriptor;
  const path = (name: string): string => `${scratch.path}/${name}`;
  const changes = (): string[] =>
    listTreeChanges(path("upper"), `/proc/self/fd/${below.fd}`).map(({ path: at, kind }) => `${kind} ${at}`);

  beforeEach(() => {
    scratch = makeScratch();
    merged = path("merged");
    for (const name of ["one/d/e", "one/etc", "two/etc", "upper", "work", "merged", "view"])
      mkdirSync(path(name), { recursive: true });
    writeFileSync(path("one/d/f"), "f");
    writeFileSync(path("one/d/e/g"), "g");
    writeFileSync(path("one/etc/old"), "old");
    writeFileSync(path("two/etc/passwd"), "root");
    symlinkSync("passwd", path("two/etc/link"));
    const lower = [path("two"), path("one")];
    mountOverlay({ lower, target: path("view") });
    below = cloneMountTree(path("view"));
    unmount(path("view"));
    mountOverlay({ lower, upper: path("upper"), work: path("work"), target: merged });
  });
  afterEach(() => {
    below[Symbol.dispose]();
    unmount(merged);
    scratch[Symbol.dispose]();
  });

  test("nothing", () => {
    expect(changes()).toEqual([]);
  });

  test("added, changed and deleted, with the directories above", () => {
    mkdirSync(`${merged}/new/deep`, { recursive: true });
    writeFileSync(`${merged}/new/deep/x`, "");
    writeFileSync(`${merged}/etc/passwd`, "other");
    unlinkSync(`${merged}/d/e/g`);
    expect(changes()).toEqual([
      "modified /d",
      "modified /d/e",
      "deleted /d/e/g",
      "modified /etc",
      "modified /etc/passwd",
      "added /new",
      "added /new/deep",
      "added /new/deep/x",
    ]);
  });

  test("attributes alone: mode, owner, capability, a directory's mode", () => {
    chmodSync(`${merged}/d/f`, 0o600);
    chownSync(`${merged}/etc/passwd`, 5, 6);
    chmodSync(`${merged}/d/e`, 0o700);
    const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
    setXattr(`${merged}/etc/old`, "security.capability", capability);
    expect(changes()).toEqual([
      "modified /d",
      "modified /d/e",
      "modified /d/f",
      "modified /etc",
      "modified /etc/old",
      "modified /etc/passwd",
    ]);
  });

  test("what was only opened for writing did not change, nor a directory whose time did", () => {
    utimesSync(path("one/d/f"), 1000.5, 1000.5);
    writeFileSync(`${merged}/d/f`, readFileSync(`${merged}/d/f`));
    utimesSync(`${merged}/d/f`, 1000.5, 1000.5);
    utimesSync(`${merged}/d/e`, 1, 1);
    expect(existsSync(path("upper/d/f"))).toBe(true);
    expect(changes()).toEqual([]);
  });

  test("times without a fraction are compared by the second", () => {
    utimesSync(path("one/d/f"), 1000.25, 1000.25);
    writeFileSync(`${merged}/d/f`, "f");
    utimesSync(`${merged}/d/f`, 1000, 1000);
    expect(changes()).toEqual([]);
    utimesSync(`${merged}/d/f`, 1000.5, 1000.5);
    expect(changes()).toEqual(["modified /d", "modified /d/f"]);
  });

  test("a directory removed and made anew hides what was in it", () => {
    rmSync(`${merged}/d`, { recursive: true });
    mkdirSync(`${merged}/d`);
    writeFileSync(`${merged}/d/f`, "longer");
    expect(changes()).toEqual(["modified /d", "deleted /d/e", "modified /d/f"]);
  });

  test("a whole directory deleted is one deletion", () => {
    rmSync(`${merged}/d`, { recursive: true });
    expect(changes()).toEqual(["deleted /d"]);
  });

  test("a kind that changed: a file becomes a directory, a directory a link", () => {
    unlinkSync(`${merged}/etc/old`);
    mkdirSync(`${merged}/etc/old`);
    writeFileSync(`${merged}/etc/old/in`, "");
    rmSync(`${merged}/d`, { recursive: true });
    symlinkSync("etc", `${merged}/d`);
    expect(changes()).toEqual(["modified /d", "modified /etc", "modified /etc/old", "added /etc/old/in"]);
  });

  test("what was made and removed again is no change", () => {
    mkdirSync(`${merged}/t`);
    rmdirSync(`${merged}/t`);
    writeFileSync(`${merged}/d/t`, "");
    renameSync(`${merged}/d/t`, `${merged}/d/u`);
    unlinkSync(`${merged}/d/u`);
    expect(changes()).toEqual([]);
  });

  test("names of any bytes", () => {
    const name = Buffer.from([0x2f, 0xff, 0x0a, 0x80]);
    writeFileSync(Buffer.concat([Buffer.from(merged), name]), "");
    writeFileSync(`${merged}/a\nb`, "");
    expect(changes()).toEqual(["added /a\nb", "added /\udcff\n\udc80"]);
  });
});
