import { expect, test } from "bun:test";
import { cgroupDriverOf } from "./exec-options.ts";

test("the cgroup driver is what the last exec-opt says", () => {
  expect(cgroupDriverOf([])).toBe("cgroupfs");
  expect(cgroupDriverOf(["native.cgroupdriver=systemd"])).toBe("systemd");
  expect(cgroupDriverOf(["native.cgroupdriver=systemd", "Native.CgroupDriver = cgroupfs"])).toBe("cgroupfs");
});

test.each([
  ["native.cgroupdriver=none", "native.cgroupdriver option none not supported"],
  ["native.cgroupdriver", "invalid exec-opt (native.cgroupdriver): must be formatted 'opt=value'"],
  ["native.cgroupdriver=", "invalid exec-opt (native.cgroupdriver=): must be formatted 'opt=value'"],
  ["=x", "invalid exec-opt (=x): must be formatted 'opt=value'"],
  ["native.umask=normal", "invalid exec-opt (native.umask=normal): unknown option: 'native.umask'"],
  ["isolation=x", "invalid exec-opt (isolation=x): option 'isolation' is only supported on windows"],
])("exec-opt %s: %s", (option, text) => {
  expect(() => cgroupDriverOf([option])).toThrow(text);
});
