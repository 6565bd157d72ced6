import { describe, expect, test } from "bun:test";
import { userNamespacePlan } from "./mode.ts";

const mappings = {
  uids: [{ container: 0, host: 100_000, size: 65_536 }],
  gids: [{ container: 0, host: 200_000, size: 65_536 }],
};

describe("the mode and the daemon's remap decide", () => {
  test.each([
    ["", "none", { kind: "host" }],
    ["host", "auto", { kind: "host" }],
    ["auto", "none", { kind: "auto", size: 65_536 }],
    ["private", "none", { kind: "auto", size: 65_536 }],
    ["auto:size=4096", "none", { kind: "auto", size: 4096 }],
    ["", "auto", { kind: "auto", size: 65_536 }],
    ["", mappings, { kind: "remap", mappings }],
    ["private", mappings, { kind: "remap", mappings }],
    ["auto", mappings, { kind: "auto", size: 65_536 }],
    ["host", mappings, { kind: "host" }],
  ] as const)("%p with remap %p", (UsernsMode, remap, plan) => {
    expect(userNamespacePlan({ UsernsMode }, remap)).toEqual(plan);
  });
});

test.each(["auto:size=0", "auto:size=", "auto:size=-1", "auto:size=4294967296", "auto:x=1", "container:a", "keep-id"])(
  "%p is no mode",
  (UsernsMode) => {
    expect(() => userNamespacePlan({ UsernsMode }, "none")).toThrow(`invalid userns mode: ${UsernsMode}`);
  },
);

test("what a user namespace excludes is refused in Docker's words, unless it is the host's", () => {
  const cases = [
    [{ Privileged: true }, "privileged mode is incompatible with user namespaces.  You must run the container in"],
    [{ NetworkMode: "host" }, "cannot share the host's network namespace when user namespaces are enabled"],
    [{ PidMode: "host" }, "cannot share the host PID namespace when user namespaces are enabled"],
  ] as const;
  for (const [host, text] of cases) {
    expect(() => userNamespacePlan({ ...host, UsernsMode: "auto" }, "none")).toThrow(text);
    expect(() => userNamespacePlan(host, mappings)).toThrow(text);
    expect(userNamespacePlan({ ...host, UsernsMode: "host" }, mappings)).toEqual({ kind: "host" });
  }
});
