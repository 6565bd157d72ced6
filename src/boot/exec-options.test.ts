import { expect, test } from "bun:test";
import { cgroupDriverOf } from "./exec-options.ts";

test("the cgroup driver is what the last exec-opt says", () => {
  expect(cgroupDriverOf([])).toBe("cgroupfs");
  expect(cgroupDriverOf(["native.cgroupdriver=systemd"])).toBe("systemd");
  expect(cgroupDriverOf(["native.cgroupdriver=systemd", "Native.CgroupDriver = cgroupfs"])).toBe("cgroupfs");
});

test.each([
  ["native.cgroupdriver=none", "native.cgroupdriver option none not supported"],
  ["native.cgroupdriver", "unable to parse key/value option: native.cgroupdriver"],
  ["native.umask=normal", 'unknown exec-opt "native.umask"'],
])("exec-opt %s: %s", (option, text) => {
  expect(() => cgroupDriverOf([option])).toThrow(text);
});
