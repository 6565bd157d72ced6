import { expect, test } from "bun:test";
import { parseContainerId } from "#core";
import { cgroupsPath } from "./spec.ts";

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
