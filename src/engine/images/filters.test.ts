import { expect, test } from "bun:test";
import { tagsWanted } from "./filters.ts";

const tags = ["a:1", "a:2", "b:latest", "localhost:5000/x/a:1"];

test.each([
  [[], tags],
  [["a"], ["a:1", "a:2"]],
  [["a:2"], ["a:2"]],
  [
    ["b", "a:1"],
    ["a:1", "b:latest"],
  ],
  [["*:1"], ["a:1"]],
  [["nope"], []],
])("tags that %j asks for", (patterns, wanted) => {
  expect(tagsWanted(tags, new Map([["reference", patterns]]))).toEqual(wanted);
});
