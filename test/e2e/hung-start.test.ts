import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startDaemon, type CommandResult, type TestDaemon } from "../support/daemon.ts";
import { busyboxImage } from "../support/busybox.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { readEngineState } from "../support/state.ts";
import { until } from "../support/until.ts";

/** A program that never ends a `create`, and tells when it is at it. */
const hanging = (mark: string): string => `#!/bin/sh
case "$*" in
  *--version*) echo hang version 1.0.0 ;;
  *create*) echo x >${mark}; sleep 100000 ;;
esac
`;

describe.skipIf(process.getuid?.() !== 0)("a start that the OCI runtime never finishes", () => {
  let box: Sandbox;
  let daemon: TestDaemon;
  let mark: string;
  beforeAll(async () => {
    box = await openSandbox();
    mark = join(box.root, "creating");
    const program = join(box.root, "hang");
    writeFileSync(program, hanging(mark));
    chmodSync(program, 0o755);
    daemon = await startDaemon(box, { extraArgs: ["--add-runtime", `hang=${program}`] });
    await docker("load", "-i", (await busyboxImage()).archive);
  });
  afterAll(async () => {
    await daemon?.kill9();
    await box?.[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    const ids = (await docker("ps", "-aq")).stdout.split("\n").filter((id) => id !== "");
    if (ids.length > 0) await docker("rm", "-f", ...ids);
    const faults = (): readonly string[] => readEngineState(box, daemon.pid).faults;
    await until(() => faults().length === 0, "all is given back").catch(() => expect(faults()).toEqual([]));
  });
  const docker = (...args: string[]): Promise<CommandResult> => daemon.docker(args);

  test.each([
    ["stop", ["stop"]],
    ["kill", ["kill"]],
    ["rm -f", ["rm", "-f"]],
  ] as const)("%s ends it, and the client of the start hears why", async (_name, command) => {
    await docker("create", "--name", "hung", "--runtime", "hang", "busybox", "true");
    const start = docker("start", "hung");
    await until(() => existsSync(mark), "the OCI runtime creates");
    expect((await docker("ps", "-a", "--format", "{{.Names}} {{.Status}}")).stdout).toBe("hung Created\n");
    expect((await docker("run", "--rm", "busybox", "echo", "beside")).stdout).toBe("beside\n");
    expect((await docker(...command, "hung")).code).toBe(0);
    const { code: startCode, stderr } = await start;
    expect(startCode).toBe(1);
    expect(stderr).toContain("OCI runtime create failed: hang create failed: given up before it ended");
    await Bun.file(mark).delete();
  });

  test("the daemon killed in it: the next one removes what is left", async () => {
    await docker("create", "--name", "hung", "--runtime", "hang", "busybox", "true");
    const start = docker("start", "hung");
    await until(() => existsSync(mark), "the OCI runtime creates");
    await daemon.kill9();
    expect((await start).code).toBe(1);
    daemon = await startDaemon(box, { extraArgs: ["--add-runtime", `hang=${join(box.root, "hang")}`] });
    expect((await docker("rm", "-f", "hung")).code).toBe(0);
    await Bun.file(mark).delete();
  }, 60_000);

  test.skipIf(Bun.which("runc") === null)("runc that reads a file of the image for ever", async () => {
    const dockerfile = "FROM busybox\nRUN ln -sf /proc/kmsg /etc/passwd\n";
    await daemon.docker(["build", "-q", "-t", "kmsg", "-"], { stdin: dockerfile });
    await docker("create", "--name", "kmsg", "--runtime", "runc", "kmsg", "true");
    const id = (await docker("inspect", "-f", "{{.Id}}", "kmsg")).stdout.trim();
    const start = docker("start", "kmsg");
    await until(() => existsSync(join(box.execRoot, "tasks", id, "conmon.pid")), "the OCI runtime creates");
    expect((await docker("rm", "-f", "kmsg")).code).toBe(0);
    const { code, stderr } = await start;
    expect(code).toBe(1);
    expect(stderr).toContain("runc create failed: given up before it ended");
    expect((await docker("rmi", "kmsg")).code).toBe(0);
  });
});
