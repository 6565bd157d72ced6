import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTestTree } from "../test/support/remove.ts";

const script = join(import.meta.dirname, "setup.sh");
let path: string;

/** A PATH that knows the shell's own tools and no package manager: some other Linux with nothing installed. */
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), "path-")), "bin");
  mkdirSync(path);
  for (const name of ["bash", "env", "dirname", "uname", "id", "grep", "cut", "tr", "cat"]) {
    symlinkSync(Bun.which(name) ?? name, join(path, name));
  }
});
afterEach(() => removeTestTree(join(path, "..")));

function setup(env: Readonly<Record<string, string>>, ...flags: string[]): { code: number; stderr: string } {
  const { exitCode, stderr } = Bun.spawnSync(["/bin/bash", script, ...flags], { env });
  return { code: exitCode, stderr: stderr.toString() };
}

test.each([[[]], [["--check"]]])("where apt is not, it names what is missing and stops: %j", (flags) => {
  const { code, stderr } = setup({ PATH: path }, ...flags);
  expect(code).toBe(1);
  for (const words of ["crun", "conmon", "Fedora: nftables", "Alpine: busybox-static", "Arch: procps-ng"]) {
    expect(stderr).toContain(words);
  }
  expect(stderr).toEndWith("setup: install them with your package manager, then run this again\n");
  expect(stderr).not.toContain("command not found");
});

test("a command that is there is not named", () => {
  symlinkSync("/bin/true", join(path, "crun"));
  expect(setup({ PATH: path }).stderr).not.toContain("OCI runtime");
});
