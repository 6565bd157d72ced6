import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#core";
import { openDatabase } from "#store";
import { openLocalVolumes } from "./mod.ts";

const open = async () => {
  const stack = new AsyncDisposableStack();
  const root = mkdtempSync(`/tmp/lighter-test-${process.pid}-volumes-`);
  stack.defer(() => rmSync(root, { recursive: true }));
  const database = stack.use(openDatabase(join(root, "db")));
  const volumes = await openLocalVolumes({ root: join(root, "v"), database, clock: systemClock });
  return { volumes, root: join(root, "v"), [Symbol.asyncDispose]: () => stack.disposeAsync() };
};
const request = { name: "", driver: "", options: {}, labels: {} };

test("a named volume is made once and removed with its data", async () => {
  await using box = await open();
  const one = await box.volumes.create({ ...request, name: "data", labels: { a: "b" } });
  writeFileSync(join(one.mountpoint, "f"), "x");
  expect(await box.volumes.create({ ...request, name: "data" })).toEqual(one);
  await box.volumes.remove("data");
  expect(existsSync(join(box.root, "data"))).toBe(false);
  await expect(box.volumes.remove("data")).rejects.toThrow("get data: no such volume");
});

test("an anonymous volume has an id for a name and Docker's label", async () => {
  await using box = await open();
  const volume = await box.volumes.create(request);
  expect(volume.name).toMatch(/^[a-f0-9]{64}$/);
  expect(volume.labels).toEqual({ "com.docker.volume.anonymous": "" });
});

test("a name of one character is refused", async () => {
  await using box = await open();
  await expect(box.volumes.create({ ...request, name: "a" })).rejects.toThrow("create a: volume name is too short");
});

test.each(["../x", "a/b", ".x"])("the name %p is refused", async (name) => {
  await using box = await open();
  await expect(box.volumes.create({ ...request, name })).rejects.toThrow("includes invalid characters");
  expect(box.volumes.list()).toEqual([]);
});

test("boot removes directories without a row and makes missing ones", async () => {
  await using box = await open();
  const volume = await box.volumes.create({ ...request, name: "kept" });
  rmSync(join(box.root, "kept"), { recursive: true });
  await Bun.write(join(box.root, "stranger", "f"), "x");
  expect(await box.volumes.reconcile()).toEqual({ removed: 1, made: 1 });
  expect(existsSync(volume.mountpoint)).toBe(true);
});

test("an anonymous volume has an owner until it is released", async () => {
  await using box = await open();
  const mine = box.volumes.forOwner("c1");
  const one = await mine.create(request);
  const other = await box.volumes.forOwner("c2").create(request);
  await mine.create({ ...request, name: "named" });
  expect(box.volumes.owned()).toContainEqual({ name: one.name, owner: "c1" });
  expect(box.volumes.owned()).toHaveLength(2);
  box.volumes.release("c1");
  expect(box.volumes.owned()).toEqual([{ name: other.name, owner: "c2" }]);
});
