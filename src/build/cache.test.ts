import { expect, test } from "bun:test";
import { parseImageId } from "#core";
import { openDatabase } from "#store";
import { createBuildCache } from "./cache.ts";

const image = (digit: string): ReturnType<typeof parseImageId> => parseImageId(`sha256:${digit.repeat(64)}`);

test("the newest image of a step is found, per parent", () => {
  using database = openDatabase(":memory:");
  const cache = createBuildCache(database);
  cache.put(undefined, "k", image("1"));
  cache.put(image("9"), "k", image("2"));
  cache.put(undefined, "k", image("3"));
  expect(cache.find(undefined, "k")).toBe(image("3"));
  expect(cache.find(image("9"), "k")).toBe(image("2"));
  expect(cache.find(image("9"), "other")).toBeUndefined();
  expect(createBuildCache(database).find(undefined, "k")).toBe(image("3"));
});
