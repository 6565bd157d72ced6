import { expect, test } from "bun:test";
import { parseContainerId } from "#core";
import { cgroupsPath, checkCgroupParent } from "./cgroup-parent.ts";

const id = parseContainerId("a".repeat(64));

test.each([
  ["cgroupfs", undefined, `/lighter/${id}`],
  ["cgroupfs", "", `/lighter/${id}`],
  ["cgroupfs", "mine", `/mine/${id}`],
  ["cgroupfs", "/mine/too//", `/mine/too/${id}`],
  ["cgroupfs", "/a/../../../tmp", `/tmp/${id}`],
  ["cgroupfs", "..", `/${id}`],
  ["systemd", undefined, `system.slice:lighter:${id}`],
  ["systemd", "a-b.slice", `a-b.slice:lighter:${id}`],
] as const)("with driver %s the cgroup of a container with parent %j is %s", (cgroupDriver, CgroupParent, path) => {
  const deps = { machine: { cgroupDriver }, options: { cgroupParent: "" } };
  expect(cgroupsPath(deps, { id, hostConfig: CgroupParent === undefined ? {} : { CgroupParent } })).toBe(path);
});

test("the daemon's parent is for containers that name none", () => {
  const deps = { machine: { cgroupDriver: "cgroupfs" }, options: { cgroupParent: "/ours" } } as const;
  expect(cgroupsPath(deps, { id, hostConfig: {} })).toBe(`/ours/${id}`);
  expect(cgroupsPath(deps, { id, hostConfig: { CgroupParent: "/theirs" } })).toBe(`/theirs/${id}`);
});

test.each(["mine", "/a/b.slice", "..slice/../x.slice", ".slice", "a:b.slice"])(
  "%j is no slice, and a place of its own only without systemd",
  (parent) => {
    expect(() => checkCgroupParent("systemd", parent)).toThrow(
      'cgroup-parent for systemd cgroup should be a valid slice named as "xxx.slice"',
    );
    expect(() => checkCgroupParent("cgroupfs", parent)).not.toThrow();
  },
);
