import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { busyboxImage } from "../support/busybox.ts";
import { startDaemon, type TestDaemon } from "../support/daemon.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";

describe.skipIf(process.getuid?.() !== 0)("OCI runtimes of daemon.json and flags", () => {
  let box: Sandbox;
  let daemon: TestDaemon;
  let calls: string;
  beforeAll(async () => {
    box = await openSandbox();
    calls = join(box.root, "calls");
    const wrapper = join(box.root, "wrapper");
    writeFileSync(wrapper, `#!/bin/sh\necho "$@" >>${calls}\nexec /usr/bin/env runc "$@"\n`);
    chmodSync(wrapper, 0o755);
    const config = join(box.root, "daemon.json");
    const runtimes = {
      loud: { path: wrapper, runtimeArgs: ["--debug"] },
      named: { path: "crun", runtimeArgs: ["--debug"] },
    };
    writeFileSync(config, JSON.stringify({ runtimes }));
    daemon = await startDaemon(box, { extraArgs: ["--config-file", config, "--add-runtime", `plain=${wrapper}`] });
    await docker("load", "-i", (await busyboxImage()).archive);
  });
  afterAll(async () => {
    await daemon?.kill9();
    await box?.[Symbol.asyncDispose]();
  });
  const docker = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await daemon.docker(args);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    return stdout;
  };

  test("info shows them with their arguments", async () => {
    const shown = JSON.parse(await docker("info", "-f", "{{json .Runtimes}}")) as Record<string, object>;
    expect(Object.keys(shown).toSorted()).toEqual(["crun", "loud", "named", "plain", "runc"]);
    expect(shown["loud"]).toEqual({ path: join(box.root, "wrapper"), runtimeArgs: ["--debug"] });
    expect(shown["plain"]).toEqual({ path: join(box.root, "wrapper") });
    expect(shown["named"]).toMatchObject({ path: Bun.which("crun") });
  });

  test.each([
    ["loud", true],
    ["plain", false],
  ] as const)("%s gets them before each command", async (runtime, isLoud) => {
    writeFileSync(calls, "");
    expect(await docker("run", "-d", "--name", "told", "--runtime", runtime, "busybox", "sleep", "600")).toMatch(/\w/);
    expect(await docker("exec", "told", "echo", "hello")).toBe("hello\n");
    await docker("pause", "told");
    await docker("unpause", "told");
    await docker("rm", "-f", "told");
    const lines = readFileSync(calls, "utf8").trim().split("\n");
    const commands = lines.map((line) => / (create|start|exec|pause|resume|delete) /.exec(line)?.[1]);
    expect(new Set(commands)).toEqual(new Set(["create", "delete", "exec", "pause", "resume", "start"]));
    expect(lines.filter((line) => line.startsWith("--debug --root ") !== isLoud)).toEqual([]);
  });

  test.each(["loud", "named"])("%s: with its chatter the error is still told", async (runtime) => {
    const { code, stderr } = await daemon.docker(["run", "--rm", "--runtime", runtime, "busybox", "nonesuch"]);
    expect(stderr).toContain(
      `${runtime} create failed: unable to start container process: exec: "nonesuch": executable file not found in $PATH`,
    );
    expect(code).toBe(127);
    await docker("run", "-d", "--name", "exec", "--runtime", runtime, "busybox", "sleep", "600");
    const executed = await daemon.docker(["exec", "exec", "nonesuch"]);
    expect(executed.stderr + executed.stdout).toContain('exec: "nonesuch": executable file not found in $PATH');
    await docker("rm", "-f", "exec");
  });
});
