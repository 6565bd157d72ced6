import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseContainerId } from "#core";
import type { Mount } from "#snapshot";
import { removeTestTree } from "../../../../test/support/remove.ts";
import type { ContainerRecord } from "../record.ts";
import { createRootMounts, type RootMounts } from "./root-mount.ts";

const id = parseContainerId("a".repeat(64));
const mount: Mount = { type: "overlay", lower: ["/l"], upper: "/u", work: "/w", readonly: false };

/** Only what is looked at. */
function record(status: string, more: object = {}): ContainerRecord {
  return { id, state: { status }, hostConfig: {}, ...more } as unknown as ContainerRecord;
}

describe("the mounted root of a container", () => {
  let top = "";
  let calls: string[] = [];
  let roots: RootMounts;
  const rootfs = (): string => join(top, "rootfs", id);
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), "roots-"));
    calls = [];
    const mounter = {
      mount: ({ volatile }: Mount, target: string) => {
        if (calls.at(-1) === "refuse") throw new Error("refused");
        calls.push(`mount ${target === rootfs()}${volatile ? " volatile" : ""}`);
      },
      unmount: (target: string) => void calls.push(`unmount ${target === rootfs()}`),
    };
    const deps = { paths: { dataRoot: top, execRoot: top }, mounter, snapshots: { mount: () => mount } };
    roots = createRootMounts(deps as unknown as Parameters<typeof createRootMounts>[0]);
  });
  afterEach(() => removeTestTree(top));

  test("of a task: mounted, and unmounted when it ends; twice is harmless", async () => {
    await using undo = new AsyncDisposableStack();
    roots.mountForTask(record("created"), undo);
    expect(existsSync(rootfs())).toBe(true);
    undo.move();
    roots.releaseTask(id);
    roots.releaseTask(id);
    expect(calls).toEqual(["mount true", "unmount true", "unmount true"]);
    expect(existsSync(rootfs())).toBe(false);
  });

  test("a start that fails gives it back", async () => {
    {
      await using undo = new AsyncDisposableStack();
      roots.mountForTask(record("created", { hostConfig: { AutoRemove: true } }), undo);
    }
    expect(calls).toEqual(["mount true volatile", "unmount true"]);
  });

  test("readers and the task share one mount; the last one takes it away", async () => {
    const first = roots.hold(record("exited"));
    const second = roots.hold(record("exited"));
    await using undo = new AsyncDisposableStack();
    roots.mountForTask(record("exited"), undo);
    undo.move();
    first[Symbol.dispose]();
    roots.releaseTask(id);
    expect(calls).toEqual(["mount true"]);
    second[Symbol.dispose]();
    second[Symbol.dispose]();
    expect(calls).toEqual(["mount true", "unmount true", "unmount true"]);
  });

  test("a task that an earlier engine started has its root mounted already", () => {
    const reader = roots.hold(record("running"));
    reader[Symbol.dispose]();
    expect(calls).toEqual([]);
    roots.releaseTask(id);
    expect(calls).toEqual(["unmount true"]);
  });

  test("a mount that is refused is held by nobody", () => {
    calls = ["refuse"];
    expect(() => roots.hold(record("exited"))).toThrow("refused");
    calls = [];
    roots.hold(record("exited"))[Symbol.dispose]();
    expect(calls).toEqual(["mount true", "unmount true"]);
  });
});
