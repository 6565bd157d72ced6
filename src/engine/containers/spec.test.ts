import { expect, test } from "bun:test";
import { parseContainerId } from "#core";
import { cgroupsPath, mergeUlimits } from "./spec.ts";

const id = parseContainerId("a".repeat(64));

test.each([
  [undefined, `/lighter/${id}`],
  ["", `/lighter/${id}`],
  ["mine", `/mine/${id}`],
  ["/mine/too//", `/mine/too/${id}`],
  ["/a/../../../tmp", `/tmp/${id}`],
  ["..", `/${id}`],
])("the cgroup of a container with parent %j is %s", (CgroupParent, path) => {
  expect(cgroupsPath({ id, hostConfig: CgroupParent === undefined ? {} : { CgroupParent } })).toBe(path);
});

test("a container's ulimits come before the daemon's of the same name", () => {
  const defaults = [
    { Name: "nofile", Soft: 1, Hard: 1 },
    { Name: "core", Soft: 0, Hard: 0 },
  ];
  const own = { Name: "nofile", Soft: 5, Hard: 6 };
  expect(mergeUlimits({ Ulimits: [own] }, defaults)).toEqual([own, { Name: "core", Soft: 0, Hard: 0 }]);
  expect(mergeUlimits({ Ulimits: null }, defaults)).toEqual(defaults);
});
