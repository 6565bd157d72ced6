import { describe, expect, test } from "bun:test";
import type { OciSeccomp } from "#spec";
import { defaultCapabilities } from "../spec/capabilities.ts";
import { parseSeccompProfile } from "./custom.ts";
import { seccompProfile } from "./profile.ts";
import { defaultRules } from "./rules.ts";

const allowed = (profile: OciSeccomp): Set<string> =>
  new Set(
    (profile.syscalls ?? [])
      .filter(({ action, args }) => action === "SCMP_ACT_ALLOW" && args === undefined)
      .flatMap(({ names }) => names),
  );

const plain = seccompProfile(defaultCapabilities, "amd64");

test("everything else is refused with EPERM, in both ABIs of the processor", () => {
  expect(plain).toMatchObject({ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 1 });
  expect(plain.architectures).toEqual(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]);
  expect(seccompProfile(defaultCapabilities, "arm64").architectures).toEqual(["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]);
});

test.each([
  "io_uring_setup",
  "keyctl",
  "add_key",
  "bpf",
  "userfaultfd",
  "mount",
  "unshare",
  "setns",
  "clone",
  "clone3",
  "kexec_load",
  "open_by_handle_at",
  "init_module",
  "reboot",
  "swapon",
  "nfsservctl",
  "personality",
  "socket",
  "perf_event_open",
])("%p is not free with the default capabilities", (name) => expect(allowed(plain).has(name)).toBe(false));

test.each([
  "chroot",
  "execve",
  "openat2",
  "ptrace",
  "arch_prctl",
  "futex_waitv",
  "clock_gettime64",
  "seccomp",
  "pidfd_open",
])("%p is free with the default capabilities", (name) => expect(allowed(plain).has(name)).toBe(true));

test("clone makes no namespaces, clone3 does not exist", () => {
  expect(plain.syscalls).toContainEqual({
    names: ["clone"],
    action: "SCMP_ACT_ALLOW",
    args: [{ index: 0, value: 0x7e020000, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
  });
  expect(plain.syscalls).toContainEqual({ names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 });
});

test("a socket of AF_ALG or AF_VSOCK is not to be had", () => {
  const rules = (plain.syscalls ?? []).filter(({ names }) => names.includes("socket"));
  const values = rules.map(({ args }) => args?.[0]).filter((argument) => argument?.op === "SCMP_CMP_EQ");
  expect(values.map((argument) => argument?.value)).not.toContain(38);
  expect(values.map((argument) => argument?.value)).not.toContain(40);
  expect(rules.map(({ args }) => args?.[0])).toContainEqual({ index: 0, value: 12, op: "SCMP_CMP_LT" });
});

test("capabilities open what they are for", () => {
  const admin = seccompProfile([...defaultCapabilities, "CAP_SYS_ADMIN"], "amd64");
  for (const name of ["mount", "clone", "clone3", "unshare", "bpf"]) expect(allowed(admin).has(name)).toBe(true);
  expect((admin.syscalls ?? []).some(({ args, names }) => args !== undefined && names.includes("clone"))).toBe(false);
  expect(allowed(seccompProfile(["CAP_SYS_TIME"], "amd64")).has("clock_settime")).toBe(true);
  expect(allowed(seccompProfile([], "amd64")).has("chroot")).toBe(false);
});

test("the same capabilities in any order give the same object", () => {
  expect(seccompProfile([...defaultCapabilities].reverse(), "amd64")).toBe(plain);
});

test("no system call is named twice in one group, and the names are well formed", () => {
  for (const { names } of defaultRules) {
    const list = names.split(/\s+/);
    expect(new Set(list).size).toBe(list.length);
    for (const name of list) expect(name).toMatch(/^[a-z0-9_]+$/);
  }
});

describe("profiles of users", () => {
  const context = { capabilities: defaultCapabilities, architecture: "amd64", kernelVersion: "6.1.0-18-amd64" };
  const parse = (profile: object) => parseSeccompProfile(JSON.stringify(profile), context);

  test("conditions of Docker's form are decided", () => {
    const rule = (name: string, rest: object) => ({ names: [name], action: "SCMP_ACT_ALLOW", ...rest });
    const { syscalls } = parse({
      defaultAction: "SCMP_ACT_ERRNO",
      archMap: [{ architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86"] }],
      syscalls: [
        rule("a", { includes: { caps: ["CAP_CHOWN"] } }),
        rule("b", { includes: { caps: ["CAP_SYS_ADMIN"] } }),
        rule("c", { excludes: { caps: ["CAP_SYS_ADMIN"] } }),
        rule("d", { includes: { minKernel: "4.8" } }),
        rule("e", { includes: { minKernel: "7.0" } }),
        rule("f", { excludes: { arches: ["amd64"] } }),
        rule("g", { args: [{ index: 0, value: 1, op: "SCMP_CMP_EQ" }], comment: "" }),
      ],
    });
    expect(syscalls?.flatMap(({ names }) => names)).toEqual(["a", "c", "d", "g"]);
  });

  test.each(["", "{", "[]", '{"syscalls":[]}'])("%p is refused", (text) => {
    expect(() => parseSeccompProfile(text, context)).toThrow(/seccomp profile/);
  });
});
