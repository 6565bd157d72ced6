import { expect, test } from "bun:test";
import { deviceCgroupRule, extraHost, ipAddress, label, sysctl, wrongMode } from "./run-checks.ts";
import { readEnvironment, readLabels } from "./text-files.ts";
import { parseUlimit } from "./ulimit.ts";

test.each([
  [() => extraHost("a:b:c"), 'invalid IP address in add-host: "b:c"'],
  [() => extraHost("nope"), 'bad format for add-host: "nope"'],
  [() => ipAddress("nope"), "IP address is not correctly formatted: nope"],
  [() => label("=x"), "invalid label '=x': empty name"],
  [() => label(""), "invalid label '': empty name"],
  [() => sysctl("kernel.hostname=x"), "sysctl 'kernel.hostname=x' is not allowed"],
  [() => sysctl("net.x"), "sysctl 'net.x' is not allowed"],
  [() => deviceCgroupRule("nope"), "invalid device cgroup format 'nope'"],
  [() => parseUlimit("nope=1"), "invalid ulimit type: nope"],
  [() => parseUlimit("nofile=a"), 'strconv.ParseInt: parsing "a": invalid syntax'],
  [() => readEnvironment(["nope"], [], { env: {}, cwd: "/" }), "open nope: no such file or directory"],
])("refused: %#", (check, text) => expect(check).toThrow(text));

test("what Docker takes", () => {
  expect(extraHost("a=[::1]")).toBe("a:::1");
  expect(extraHost("a:host-gateway")).toBe("a:host-gateway");
  expect([sysctl("net.ipv4.x=1"), sysctl("kernel.sem=1"), label("a"), ipAddress("::1")]).toHaveLength(4);
  expect(deviceCgroupRule("c 1:* rwm")).toBe("c 1:* rwm");
  expect(parseUlimit("nofile=10:20")).toEqual({ Name: "nofile", Soft: 10, Hard: 20 });
});

test("modes of namespaces", () => {
  const modes = { pid: "", uts: "host", userns: "", cgroupns: "private" };
  expect(wrongMode(modes)).toBeUndefined();
  expect(wrongMode({ ...modes, pid: "nope" })).toBe("--pid: invalid PID mode");
  expect(wrongMode({ ...modes, cgroupns: "nope" })).toBe("--cgroupns: invalid CGROUP mode");
});

test("a file of variables is named where it is wrong, and labels without a value come from no environment", async () => {
  const directory = `/tmp/lighter-test-${process.pid}-env`;
  await Bun.write(`${directory}/f`, "A B=1\n");
  await Bun.write(`${directory}/l`, "a=1\nb\n");
  const read = (): unknown => readEnvironment(["f"], [], { env: {}, cwd: directory });
  expect(read).toThrow("invalid env file (f): variable 'A B' contains whitespaces");
  expect(readLabels(["l"], ["c"], { env: {}, cwd: directory })).toEqual({ a: "1", c: "" });
  expect(readLabels(["l"], [], { env: { b: "own" }, cwd: directory })).toEqual({ a: "1", b: "own" });
  Bun.spawnSync(["rm", "-rf", directory]);
});
