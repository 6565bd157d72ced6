import { expect, test } from "bun:test";
import { cgroupDirectory, wantsScope } from "./cgroup-driver.ts";

test.each([
  ["/lighter/abc", "/lighter/abc"],
  ["system.slice:lighter:abc", "/system.slice/lighter-abc.scope"],
  [":lighter:abc", "/system.slice/lighter-abc.scope"],
  ["user-1000-app.slice:lighter:abc", "/user.slice/user-1000.slice/user-1000-app.slice/lighter-abc.scope"],
  ["-.slice:lighter:abc", "/lighter-abc.scope"],
  ["system.slice::abc", "/system.slice/abc.scope"],
])("a spec's cgroupsPath %s is the directory %s", (cgroupsPath, directory) => {
  expect(cgroupDirectory(cgroupsPath)).toBe(directory);
  expect(wantsScope(cgroupsPath)).toBe(!cgroupsPath.startsWith("/"));
});
