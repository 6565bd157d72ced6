import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Output } from "#term";
import { runCli } from "./mod.ts";
import { groups, topNodes } from "./tree.ts";

const golden = join(import.meta.dir, "../../test/golden/help");

async function run(
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  const result = { code: 0, out: "", err: "" };
  const output = (key: "out" | "err"): Output => ({
    isTty: false,
    write: (data) => void (result[key] += Buffer.from(data as string).toString()),
    writeAsync: async (data) => void (result[key] += Buffer.from(data).toString()),
    size: () => undefined,
  });
  const none = { HOME: "/nonexistent", DOCKER_HOST: "unix:///nonexistent/api.sock", ...env };
  result.code = await runCli({
    argv,
    env: none,
    cwd: "/",
    stdout: output("out"),
    stderr: output("err"),
    stdin: () => Bun.file("/dev/null").stream(),
  });
  return result;
}

/** With UPDATE_GOLDEN=1 the files are written anew. */
function expectGolden(name: string, text: string): void {
  const path = join(golden, `${name}.txt`);
  if (Bun.env["UPDATE_GOLDEN"]) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(readFileSync(path, "utf8"));
}

const commands = [
  ...groups.flatMap((group) => (group.children ?? []).map((node) => [group.name, node.name])),
  ...topNodes()
    .filter(({ load }) => load !== undefined)
    .map(({ name }) => [name]),
];

test("help of the program and of each group", async () => {
  expectGolden("lighter", (await run(["--help"])).out);
  for (const { name } of groups) expectGolden(name, (await run([name, "--help"])).out);
});

test.each(commands)("help of %s %s", async (...words) => {
  const argv = words.filter((word) => word !== undefined);
  const { code, out, err } = await run([...argv, "--help"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expectGolden(argv.join("-"), out);
});

describe("what cannot be meant", () => {
  test.each([
    [["foo"], 1, "lighter: unknown command: lighter foo\n\nRun 'lighter --help' for more information\n"],
    [
      ["container", "foo"],
      1,
      "lighter: unknown command: lighter container foo\n\nUsage:  lighter container\n\nRun 'lighter container --help' for more information\n",
    ],
    [
      ["ps", "x"],
      1,
      "lighter: 'lighter ps' accepts no arguments\n\nUsage:  lighter ps [OPTIONS]\n\nRun 'lighter ps --help' for more information\n",
    ],
    [
      ["rm"],
      1,
      "lighter: 'lighter rm' requires at least 1 argument\n\nUsage:  lighter rm [OPTIONS] CONTAINER [CONTAINER...]\n\nSee 'lighter rm --help' for more information\n",
    ],
    [
      ["rename", "a"],
      1,
      "lighter: 'lighter rename' requires 2 arguments\n\nUsage:  lighter rename CONTAINER NEW_NAME\n\nRun 'lighter rename --help' for more information\n",
    ],
    [
      ["run", "--foo"],
      125,
      "unknown flag: --foo\n\nUsage:  lighter run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nRun 'lighter run --help' for more information\n",
    ],
    [
      ["run", "--rm", "--restart", "always", "x"],
      125,
      "lighter: conflicting options: cannot specify both --restart and --rm\n\nRun 'lighter run --help' for more information\n",
    ],
    [["run", "-d", "-a", "stdout", "x"], 1, "conflicting options: cannot specify both --attach and --detach\n"],
    [
      ["-H", "foo://x", "ps"],
      1,
      "Failed to initialize: unable to resolve docker endpoint: invalid bind address format: foo://x\n",
    ],
    [["-H", "unix:///x", "-c", "y", "ps"], 1, "conflicting options: cannot specify both --host and --context\n"],
  ])("%p", async (argv, code, err) => {
    expect(await run(argv)).toEqual({ code, out: "", err });
  });

  test("without a daemon: version still tells the client's, run fails with 125", async () => {
    const version = await run(["version", "--format", "{{.Client.Context}}"]);
    expect(version).toMatchObject({ code: 1, out: "default\n" });
    expect(version.err).toStartWith(
      "Cannot connect to the Docker daemon at unix:///nonexistent/api.sock. Is the docker daemon running?",
    );
    expect((await run(["run", "busybox"])).code).toBe(125);
  });
});

test("contexts are made, chosen, used and removed", async () => {
  const config = mkdtempSync("/tmp/lighter-cli-");
  try {
    const env = { DOCKER_CONFIG: config, DOCKER_HOST: "" };
    expect(
      await run(["context", "create", "far", "--docker", "host=tcp://127.0.0.1:1", "--description", "d"], env),
    ).toMatchObject({ code: 0, out: "far\n" });
    expect((await run(["context", "create", "far", "--docker", "host=x"], env)).err).toBe(
      'context "far" already exists\n',
    );
    expect(await run(["context", "use", "far"], env)).toMatchObject({
      out: "far\n",
      err: 'Current context is now "far"\n',
    });
    expect((await run(["context", "show"], env)).out).toBe("far\n");
    expect((await run(["ps"], env)).err).toContain("tcp://127.0.0.1:1");
    expect((await run(["context", "rm", "far"], env)).code).toBe(1);
    expect(await run(["context", "rm", "-f", "far"], env)).toMatchObject({ code: 0, out: "far\n" });
    expect((await run(["context", "rm", "default"], env)).err).toBe('context "default" cannot be removed\n');
  } finally {
    rmSync(config, { recursive: true });
  }
});

test.each(["bash", "zsh", "fish"])("completion for %s asks the program", async (shell) => {
  expect(await run(["completion", shell])).toMatchObject({ code: 0, out: expect.stringContaining("__complete") });
  const { out } = await run(["__complete", ""]);
  for (const word of ["container", "images", "run", "version"]) expect(out).toMatch(new RegExp(`^${word}\t`, "m"));
  expect((await run(["__complete", "stop", ""])).out).toBe(":4\n");
});
