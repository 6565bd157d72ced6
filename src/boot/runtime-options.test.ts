import { expect, test } from "bun:test";
import { registeredRuntimes } from "./runtime-options.ts";

test("flags and daemon.json together", () => {
  const file = { debug: { path: "/usr/bin/crun", runtimeArgs: ["--debug"] }, runc: { path: "/opt/runc" } };
  expect(registeredRuntimes(["mine=/opt/mine", "debug=/opt/debug"], file)).toEqual({
    debug: { path: "/opt/debug" },
    runc: { path: "/opt/runc" },
    mine: { path: "/opt/mine" },
  });
  expect(registeredRuntimes(undefined, file)["debug"]).toEqual({ path: "/usr/bin/crun", runtimeArgs: ["--debug"] });
  expect(registeredRuntimes(undefined, undefined)).toEqual({});
});

test("a bare name is a program of PATH", () => {
  expect(registeredRuntimes(undefined, { shell: { path: "sh" } })).toEqual({ shell: { path: Bun.which("sh") ?? "" } });
  expect(registeredRuntimes(["a=no-such-program"], {})).toEqual({ a: { path: "no-such-program" } });
});

test.each([
  [["foo"], 'invalid argument "foo" for "--add-runtime" flag: invalid runtime argument: foo'],
  [["=/x"], "invalid runtime argument: =/x"],
  [["x="], "invalid runtime argument: x="],
  [["runc=/x"], 'invalid argument "runc=/x" for "--add-runtime" flag: runtime name \'runc\' is reserved'],
  [["a=/x", "a=/y"], "runtime 'a' was already defined"],
  [["../a=/x"], 'invalid runtime name: "../a"'],
  [["a=./x"], "must be absolute: ./x"],
])("--add-runtime %j is refused", (flags, text) => {
  expect(() => registeredRuntimes(flags, undefined)).toThrow(text);
});

test.each([
  [[], "invalid value for runtimes"],
  [{ a: "/x" }, "invalid value for runtimes.a"],
  [{ a: {} }, "runtime a: either a runtimeType or a path must be configured"],
  [{ a: { path: 1 } }, "invalid value for runtimes.a.path"],
  [{ a: { path: "/x", runtimeArgs: "x" } }, "invalid value for runtimes.a.runtimeArgs"],
  [{ a: { path: "/x", runtimeArgs: [1] } }, "invalid value for runtimes.a.runtimeArgs"],
  [{ a: { runtimeType: "io.containerd.runc.v2" } }, "runtime a: runtimeType and options are for shims of containerd"],
  [{ "a/b": { path: "/x" } }, 'invalid runtime name: "a/b"'],
])("runtimes %j is refused", (file, text) => {
  expect(() => registeredRuntimes(undefined, file)).toThrow(text);
});
