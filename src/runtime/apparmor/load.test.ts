import { afterAll, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLogger } from "#core";
import { removeTestTree } from "../../../test/support/remove.ts";
import { loadDefaultProfile } from "./load.ts";
import { defaultProfile } from "./profile.ts";

const directory = mkdtempSync(`/tmp/lighter-test-${process.pid}-apparmor-`);
afterAll(() => removeTestTree(directory));

/** A host with such files, whose parser keeps what it is given. */
function hostWith(enabled: string, profiles: string, exitCode = 0): Parameters<typeof loadDefaultProfile>[1] & object {
  const host = {
    enabled: join(directory, "enabled"),
    profiles: join(directory, "profiles"),
    parser: join(directory, "parser"),
  };
  writeFileSync(host.enabled, enabled);
  writeFileSync(host.profiles, profiles);
  writeFileSync(host.parser, `#!/bin/sh\necho "$@" >$0.args; cat >$0.stdin; echo no rights >&2; exit ${exitCode}\n`);
  chmodSync(host.parser, 0o755);
  writeFileSync(`${host.parser}.args`, "");
  return host;
}

async function load(host: ReturnType<typeof hostWith>): Promise<{ readonly args: string; readonly log: string }> {
  let log = "";
  await loadDefaultProfile(
    createLogger("debug", (line) => (log += line)),
    host,
  );
  return { args: readFileSync(join(directory, "parser.args"), "utf8"), log };
}

test("it is given to the kernel where AppArmor is on and has none", async () => {
  const { args, log } = await load(hostWith("Y\n", "/usr/bin/man (enforce)\n"));
  expect(args).toBe("--replace --skip-cache\n");
  expect(readFileSync(join(directory, "parser.stdin"), "utf8")).toBe(defaultProfile());
  expect(log).toContain("AppArmor profile docker-default is loaded");
});

test.each([
  ["it is off", "N\n", ""],
  ["it is loaded", "Y\n", "docker-default (enforce)\n"],
])("nothing is done where %s", async (_case, enabled, profiles) => {
  expect(await load(hostWith(enabled, profiles))).toEqual({ args: "", log: "" });
});

test("nothing is done on a host without AppArmor", async () => {
  const nowhere = join(directory, "nowhere");
  expect(existsSync(nowhere)).toBe(false);
  expect((await load({ ...hostWith("Y\n", ""), profiles: nowhere })).args).toBe("");
  expect((await load({ ...hostWith("Y\n", ""), enabled: nowhere })).args).toBe("");
});

test("what hinders it is told", async () => {
  expect((await load(hostWith("Y\n", "", 1))).log).toContain("no rights");
  const { log } = await load({ ...hostWith("Y\n", ""), parser: undefined });
  expect(log).toContain("apparmor_parser is not installed");
});

test("the profile denies what is outside of a container, and nothing that Docker allows", () => {
  const denied = defaultProfile()
    .split("\n")
    .flatMap((line) => /^ {2}deny (\/\S+) (\w+),$/.exec(line)?.slice(1) ?? [])
    .filter((_, at) => at % 2 === 0);
  const isDenied = (path: string): boolean => denied.some((pattern) => globOf(pattern).test(path));
  for (const path of [
    "/proc/sysrq-trigger",
    "/proc/kcore",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/sysrq",
    "/proc/sys/kernel/panic",
    "/proc/sys/vm/panic_on_oom",
    "/proc/sys/net/ipv4/ip_forward",
    "/proc/irq/1/smp_affinity",
    "/sys/kernel/mm/ksm/run",
    "/sys/firmware/efi/vars",
    "/sys/fs/bpf/x",
    "/sys/kernel/security/apparmor/.load",
  ])
    expect([path, isDenied(path)]).toEqual([path, true]);
  for (const path of [
    "/proc/1/oom_score_adj",
    "/proc/self/attr/current",
    "/proc/12/fd/1",
    "/proc/sys/kernel/shmmax",
    "/sys/fs/cgroup/x/cgroup.procs",
    "/etc/passwd",
    "/dev/null",
  ])
    expect([path, isDenied(path)]).toEqual([path, false]);
});

/** A pattern of apparmor.d(5): `*` stays within a name, `**` does not. */
function globOf(pattern: string): RegExp {
  const source = pattern
    .replace(/\{([^}]*)\}/g, (_, names: string) => `(${names.replaceAll(",", "|")})`)
    .replaceAll("**", "\0")
    .replaceAll("*", "[^/]+")
    .replaceAll("\0", ".+")
    .replace(/(?<=\])\.\+/g, ".*");
  return new RegExp(`^${source}$`);
}
