import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { failpointNames } from "#core";
import { busyboxImage } from "../support/busybox.ts";
import { startDaemon, type TestDaemon } from "../support/daemon.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { readEngineState } from "../support/state.ts";
import { until } from "../support/until.ts";

const names = failpointNames.filter((name) => name.startsWith("userns."));

describe.skipIf(process.getuid?.() !== 0)("a start in a user namespace", () => {
  let box: Sandbox;
  let daemon: TestDaemon | undefined;
  beforeAll(async () => {
    box = await openSandbox();
    await boot();
    for (let path = box.execRoot; path !== "/tmp" && path !== "/"; path = dirname(path)) chmodSync(path, 0o711);
    await docker("load", "-i", (await busyboxImage()).archive);
  });
  afterAll(async () => {
    await daemon?.kill9();
    await box?.[Symbol.asyncDispose]();
  });
  const boot = async (failpoints?: string): Promise<void> => {
    await daemon?.kill9();
    daemon = await startDaemon(box, failpoints === undefined ? {} : { env: { LIGHTER_FAILPOINTS: failpoints } });
  };
  const running = (): TestDaemon => {
    if (daemon === undefined) throw new Error("no daemon was started");
    return daemon;
  };
  const docker = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await running().docker(args);
    if (code !== 0) throw new Error(`${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const create = async (): Promise<void> => {
    const flags = ["--name", "subject", "--userns=auto", "-v", "vol:/vol"];
    const { code, stderr } = await running().lighter(["create", ...flags, "busybox", "sleep", "600"]);
    expect([code, stderr]).toEqual([0, ""]);
  };
  const expectTidy = async (where: string): Promise<void> => {
    const faults = (): readonly string[] => readEngineState(box, running().pid).faults;
    await until(() => faults().length === 0, where).catch(() => expect([where, ...faults()]).toEqual([where]));
    const staged = join(box.execRoot, "binds");
    expect(existsSync(staged) ? readdirSync(staged) : [], where).toEqual([]);
  };
  const expectUsable = async (where: string): Promise<void> => {
    expect(await docker("inspect", "-f", "{{.State.Status}}", "subject"), where).toBe("created\n");
    await expectTidy(where);
    await docker("start", "subject");
    expect(await docker("exec", "subject", "cat", "/proc/self/uid_map")).toMatch(/^ +0 +\d{7,} +65536\n$/);
    await docker("rm", "-f", "subject");
    await docker("volume", "rm", "vol");
    await expectTidy(`${where}, removed`);
  };

  test.each(names)("killed at %s leaves nothing, and the next daemon starts it", async (name) => {
    await boot(`${name}=kill`);
    await create();
    const { code } = await running().docker(["start", "subject"]);
    expect(code).toBe(1);
    expect(await running().exited).toBe(137);
    await boot();
    await expectUsable(name);
  });

  test.each(names)("that fails at %s is undone and told", async (name) => {
    await boot(`${name}=1*error`);
    await create();
    const { code, stderr } = await running().docker(["start", "subject"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`failpoint ${name}`)]);
    await expectUsable(name);
  });
});
