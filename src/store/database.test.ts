import { afterEach, beforeEach, expect, test } from "bun:test";
import { EngineError } from "#core";
import { createLeases, openDatabase, type Database } from "./mod.ts";

let database: Database;
beforeEach(() => {
  database = openDatabase(":memory:");
  database.migrate("t", ["CREATE TABLE t (k TEXT PRIMARY KEY, n INTEGER) STRICT"]);
});
afterEach(() => database[Symbol.dispose]());

const count = (): number | undefined => database.get<{ n: number }>("SELECT count(*) AS n FROM t")?.n;

test("a failed transaction leaves nothing, nested ones join", () => {
  expect(() =>
    database.transaction(() => {
      database.run("INSERT INTO t VALUES ('a', 1)");
      database.transaction(() => database.run("INSERT INTO t VALUES ('b', 2)"));
      throw new Error("stop");
    }),
  ).toThrow("stop");
  expect(count()).toBe(0);
});

test("a unique clash is already_exists", () => {
  database.run("INSERT INTO t VALUES ('a', 1)");
  try {
    database.run("INSERT INTO t VALUES ('a', 1)");
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError);
    expect((error as EngineError).code).toBe("already_exists");
  }
});

test("migrations run once, and newer data is refused", () => {
  database.migrate("t", ["ignored", "ALTER TABLE t ADD COLUMN m TEXT"]);
  database.run("INSERT INTO t VALUES ('a', 1, 'x')");
  expect(database.all("SELECT * FROM t")).toEqual([{ k: "a", n: 1, m: "x" }]);
  expect(() => database.migrate("t", ["ignored"])).toThrow("newer version");
});

test("a resource is held until its last lease ends", () => {
  const leases = createLeases();
  const one = leases.acquire();
  const two = leases.acquire();
  one.add("x");
  one.add("x");
  two.add("x");
  one[Symbol.dispose]();
  expect(leases.isHeld("x")).toBe(true);
  two[Symbol.dispose]();
  expect(leases.isHeld("x")).toBe(false);
});

test("a relaxed transaction is a transaction, and the next one is durable again", () => {
  expect(() =>
    database.relaxed(() => {
      database.run("INSERT INTO t VALUES ('a', 1)");
      throw new Error("stop");
    }),
  ).toThrow("stop");
  expect(count()).toBe(0);
  expect(database.relaxed(() => database.run("INSERT INTO t VALUES ('a', 1)").changes)).toBe(1);
  expect(count()).toBe(1);
  expect(database.get<{ synchronous: number }>("PRAGMA synchronous")).toEqual({ synchronous: 2 });
});
