import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { removeTestTree } from "../support/remove.ts";

const script = resolve(import.meta.dirname, "../../scripts/install-system.sh");
let destdir: string;

beforeEach(() => {
  destdir = mkdtempSync(join(tmpdir(), "install-"));
});
afterEach(() => removeTestTree(destdir));

function install(...flags: string[]): { code: number; text: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([script, "--destdir", destdir, ...flags]);
  return { code: exitCode, text: stdout.toString() + stderr.toString() };
}

/** Every file and link below the staged root. */
function files(): string[] {
  const entries = readdirSync(destdir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(destdir.length))
    .sort();
}

const plain = [
  "/etc/systemd/system/lighter.service",
  "/etc/systemd/system/lighter.socket",
  "/usr/local/bin/lighter",
  "/usr/local/share/bash-completion/completions/lighter",
  "/usr/local/share/fish/vendor_completions.d/lighter.fish",
  "/usr/local/share/zsh/site-functions/_lighter",
];

test("installs, installs again over itself, and leaves no file when uninstalled", () => {
  expect(install()).toMatchObject({ code: 0 });
  expect(files()).toEqual(plain);
  expect(statSync(join(destdir, "/usr/local/bin/lighter")).mode & 0o777).toBe(0o755);
  const version = Bun.spawnSync([join(destdir, "/usr/local/bin/lighter"), "--version"], { env: {} });
  expect(version.stdout.toString()).toMatch(/\d+\.\d+\.\d+/);
  const unit = readFileSync(join(destdir, "/etc/systemd/system/lighter.service"), "utf8");
  expect(unit).toContain("ExecStart=/usr/local/bin/lighter daemon");
  expect(unit).not.toContain("@");

  expect(install()).toMatchObject({ code: 0 });
  expect(files()).toEqual(plain);
  expect(install("--uninstall")).toMatchObject({ code: 0 });
  expect(files()).toEqual([]);
  expect(install("--uninstall")).toMatchObject({ code: 0, text: "" });
});

test("completions are scripts their shells can read", () => {
  expect(install()).toMatchObject({ code: 0 });
  const completion = join(destdir, "/usr/local/share/bash-completion/completions/lighter");
  expect(statSync(completion).size).toBeGreaterThan(100);
  expect(Bun.spawnSync(["bash", "-n", completion]).exitCode).toBe(0);
});

test("a prefix is where everything goes", () => {
  expect(install("--prefix", "/opt/l")).toMatchObject({ code: 0 });
  expect(existsSync(join(destdir, "/opt/l/bin/lighter"))).toBeTrue();
  expect(readFileSync(join(destdir, "/etc/systemd/system/lighter.service"), "utf8")).toContain(
    "ExecStart=/opt/l/bin/lighter",
  );
  expect(install("--prefix=/opt/l", "--uninstall")).toMatchObject({ code: 0 });
  expect(files()).toEqual([]);
});

test("--docker adds the command and the socket, and uninstalling takes them away", () => {
  expect(install("--docker")).toMatchObject({ code: 0 });
  expect(files()).toEqual([...plain, "/etc/systemd/system/lighter-docker.socket", "/usr/local/bin/docker"].sort());
  expect(readlinkSync(join(destdir, "/usr/local/bin/docker"))).toBe("lighter");
  expect(install("--docker")).toMatchObject({ code: 0 });
  expect(install("--uninstall")).toMatchObject({ code: 0 });
  expect(files()).toEqual([]);
});

test("--docker refuses another docker command, before any file is written, and never removes it", () => {
  const docker = join(destdir, "/usr/local/bin/docker");
  mkdirSync(join(destdir, "/usr/local/bin"), { recursive: true });
  writeFileSync(docker, "theirs");
  expect(install("--docker")).toMatchObject({ code: 1, text: expect.stringContaining("is not lighter's") });
  expect(files()).toEqual(["/usr/local/bin/docker"]);
  expect(install("--uninstall")).toMatchObject({ code: 0 });
  expect(lstatSync(docker).isFile()).toBeTrue();
});

test.each(["--nonsense", "--prefix", "--prefix=relative"])("bad flags are refused: %s", (flag) => {
  expect(install(flag).code).toBe(1);
  expect(files()).toEqual([]);
});

test("the units are what systemd accepts", () => {
  if (!Bun.which("systemd-analyze")) return; // a host without systemd has nothing to ask
  expect(install("--docker")).toMatchObject({ code: 0 });
  const units = ["lighter.service", "lighter.socket", "lighter-docker.socket"].map((unit) =>
    join(destdir, "etc/systemd/system", unit),
  );
  const verify = Bun.spawnSync(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", ...units]);
  const complaints = verify.stderr
    .toString()
    .split("\n")
    .filter((line) => line.includes("/lighter") && !/is not executable|Failed to (prepare|find)/.test(line));
  expect(complaints).toEqual([]);
});
