import { expect, test } from "bun:test";
import type { CopyEnd } from "./copy-paths.ts";
import { planCopy, sourceName } from "./copy-plan.ts";

const end = (path: string, kind: "file" | "directory" | "absent"): CopyEnd => {
  return { path, exists: kind !== "absent", isDirectory: kind === "directory" };
};

test.each([
  ["a file into a directory", end("/s/f", "file"), end("/d", "directory"), { directory: "/d" }],
  ["a directory into a directory", end("/s", "directory"), end("/d/", "directory"), { directory: "/d/" }],
  ["a file over a file", end("/s/f", "file"), end("/d/g", "file"), { directory: "/d", name: "g" }],
  ["a file to a new name", end("/s/f", "file"), end("/d/g", "absent"), { directory: "/d", name: "g" }],
  ["a directory to a new name", end("/s", "directory"), end("/d/g/", "absent"), { directory: "/d", name: "g" }],
  ["a content to a new name", end("/s/.", "directory"), end("/g", "absent"), { directory: "/", name: "g" }],
])("%s", (_what, source, destination, plan) => {
  expect(planCopy(source, destination)).toEqual(plan);
});

test.each([
  ["a directory over a file", end("/s", "directory"), end("/d", "file"), "cannot copy directory"],
  ["a file to a directory that is not there", end("/s", "file"), end("/d/", "absent"), "no such directory"],
  ["a file to an empty path", end("/s", "file"), end("", "absent"), "no such directory"],
])("%s is refused", (_what, source, destination, message) => {
  expect(() => planCopy(source, destination)).toThrow(message);
});

test("the top of an archive has the name that was asked for", () => {
  expect(sourceName(end("/a/b", "file"))).toBe("b");
  expect(sourceName(end("/a/b/.", "directory"))).toBe(".");
  expect(sourceName({ ...end("/a/target", "file"), rebaseName: "link" })).toBe("link");
});
