import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mountsBelow, removeTestTree } from "./remove.ts";

const isRoot = process.getuid?.() === 0;
let root: string;
let planted = 0;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "ledger-"));
});
afterAll(() => removeTestTree(root));

interface Run {
  readonly pid: number;
  readonly code: number;
  readonly text: string;
}

/**
 * Runs one test file in a directory of its own; its only test executes `body`, in which `dir` is a directory that carries
 * the tag of that run. What the body leaves is known by name and cleaned up by the caller, never by what a report says.
 */
function runPlanted(body: string): Run {
  const cwd = join(root, String(planted++));
  mkdirSync(cwd);
  const support = import.meta.dirname;
  writeFileSync(join(cwd, "bunfig.toml"), `[test]\npreload = [${JSON.stringify(join(support, "preload.ts"))}]\n`);
  writeFileSync(
    join(cwd, "planted.test.ts"),
    `import { test } from "bun:test";
     import fs from "node:fs"; import os from "node:os";
     import { tag, linkTag } from ${JSON.stringify(join(support, "tag.ts"))};
     const dir = ${JSON.stringify(cwd)} + "/" + tag + "dir";
     test("planted", async () => { ${body} });`,
  );
  const env = { ...process.env, LIGHTER_TEST_LEAK_GRACE_MS: "100" };
  const { pid, exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, "test"], { cwd, env });
  return { pid, code: exitCode, text: stdout.toString() + stderr.toString() };
}

test("a file that cleans up passes", () => {
  const run = runPlanted(`
    const made = fs.mkdtempSync(os.tmpdir() + "/x-");
    const child = Bun.spawn(["sleep", "60"], { stdout: "pipe" });
    child.kill(9); await child.exited; fs.rmdirSync(made);`);
  expect(run.text).toContain("1 pass");
  expect(run.code).toBe(0);
});

test("a temporary directory that stays is reported, and removed", () => {
  const run = runPlanted('fs.mkdirSync(os.tmpdir() + "/left");');
  expect(run.text).toMatch(/planted\.test\.ts leaks:\n {2}directory \S+\/left/);
  expect(run.code).not.toBe(0);
  expect(readdirSync("/tmp").filter((name) => name.startsWith(`lighter-test-${run.pid}-`))).toEqual([]);
});

test("a process that stays is reported", () => {
  const run = runPlanted('Bun.spawn(["sleep", "3"], { stdio: ["ignore", "ignore", "ignore"] }).unref();');
  expect(run.text).toMatch(/process \d+ sleep 3/);
  expect(run.code).not.toBe(0);
});

test("an open file is reported", () => {
  const run = runPlanted('fs.openSync("/etc/passwd");');
  expect(run.text).toMatch(/descriptor \d+ \/etc\/passwd/);
  expect(run.code).not.toBe(0);
});

describe.skipIf(!isRoot)("as root", () => {
  test("a mount is reported", () => {
    const run = runPlanted('fs.mkdirSync(dir); Bun.spawnSync(["mount", "-t", "tmpfs", "x", dir]);');
    for (const point of mountsBelow(root)) Bun.spawnSync(["umount", point]);
    expect(run.text).toMatch(/\n {2}mount \S+dir\n/);
    expect(run.code).not.toBe(0);
  });

  test("a network device is reported", () => {
    const run = runPlanted('Bun.spawnSync(["ip", "link", "add", linkTag + "x", "type", "bridge"]);');
    Bun.spawnSync(["ip", "link", "del", `lt${run.pid}-x`]);
    expect(run.text).toContain(`\n  link lt${run.pid}-x\n`);
    expect(run.code).not.toBe(0);
  });

  test.each(["lt#-x", "lighter_lt#_x"])("an nft table is reported: %s", (pattern) => {
    const run = runPlanted(
      `Bun.spawnSync(["nft", "add", "table", "ip", "${pattern}".replace("#", String(process.pid))]);`,
    );
    const name = pattern.replace("#", String(run.pid));
    Bun.spawnSync(["nft", "delete", "table", "ip", name]);
    expect(run.text).toContain(`\n  nft table ip ${name}\n`);
    expect(run.code).not.toBe(0);
  });
});
