import { expect, test } from "bun:test";
import { mergeUlimits } from "./spec.ts";

test("a container's ulimits come before the daemon's of the same name", () => {
  const defaults = [
    { Name: "nofile", Soft: 1, Hard: 1 },
    { Name: "core", Soft: 0, Hard: 0 },
  ];
  const own = { Name: "nofile", Soft: 5, Hard: 6 };
  expect(mergeUlimits({ Ulimits: [own] }, defaults)).toEqual([own, { Name: "core", Soft: 0, Hard: 0 }]);
  expect(mergeUlimits({ Ulimits: null }, defaults)).toEqual(defaults);
});
