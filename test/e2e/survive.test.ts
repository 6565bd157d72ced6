import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { busyboxImage } from "../support/busybox.ts";
import { startDaemon, type CommandResult, type TestDaemon } from "../support/daemon.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { readEngineState } from "../support/state.ts";
import { until } from "../support/until.ts";
import { untilTidy } from "../support/tidy.ts";

/** Containers outlive their daemon; crash and upgrade are one path. */
describe.skipIf(process.getuid?.() !== 0).each(["kill9", "stop"] as const)("after %s of the daemon", (end) => {
  let box: Sandbox;
  let daemon: TestDaemon;
  const ticker = "i=0; while :; do i=$((i+1)); echo tick $i; echo err $i >&2; sleep 0.05; done";

  beforeAll(async () => {
    box = await openSandbox();
    daemon = await startDaemon(box);
    await okay(["load", "-i", (await busyboxImage()).archive]);
    // Each reads its file `go` in a shared volume, so that what ends does so while no daemon lives.
    const waiting = (then: string): string => `until [ -e /gate/go ]; do sleep 0.02; done; ${then}`;
    const gate = ["-v", "gate:/gate"];
    await okay(["run", "-d", "--name", "ticker", "busybox", "sh", "-c", ticker]);
    await okay(["run", "-d", "--name", "zero", ...gate, "busybox", "sh", "-c", waiting("echo bye; exit 0")]);
    await okay(["run", "-d", "--name", "seven", ...gate, "busybox", "sh", "-c", waiting("exit 7")]);
    await okay(["run", "-d", "--name", "killed", "--init", ...gate, "busybox", "sh", "-c", waiting("kill -9 $$")]);
    await okay(["run", "-d", "--name", "gone", "--rm", ...gate, "busybox", "sh", "-c", waiting("exit 3")]);
    await okay(["run", "-d", "--name", "init", "--init", ...gate, "busybox", "sh", "-c", waiting("exit 9")]);
    await okay(["run", "-d", "--name", "paused", "busybox", "sleep", "600"]);
    await okay(["pause", "paused"]);
    await okay(["run", "-d", "--name", "stays", "--rm", "-p", "127.0.0.1::80", "busybox", "sleep", "600"]);
    await okay(["run", "-di", "--name", "cat", "busybox", "cat"]);
    await okay(["create", "--name", "made", "busybox", "echo", "made"]);
    await okay(["run", "-d", "--name", "opener", ...gate, "busybox", "sh", "-c", "sleep 600"]);
  }, 60_000);
  afterAll(async () => {
    await daemon?.kill9();
    await box?.[Symbol.asyncDispose]();
  });

  async function okay(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await daemon.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: exit ${code}: ${stderr}${stdout}`);
    return stdout;
  }
  const field = async (name: string, format: string): Promise<string> =>
    (await okay(["inspect", "-f", format, name])).trim();

  test("all go on, and what happened meanwhile is known exactly", async () => {
    const pids = await field("ticker", "{{.State.Pid}} {{.State.StartedAt}}");
    const ports = await okay(["port", "stays"]);
    const follower = daemon.docker(["logs", "-f", "ticker"]);
    const waiter = daemon.docker(["wait", "seven"]);
    const source = await field("opener", "{{(index .Mounts 0).Source}}");
    await daemon[end]();
    // Neither client hangs on a daemon that is gone.
    expect((await Promise.all([follower, waiter])).map(({ code }: CommandResult) => typeof code)).toEqual([
      "number",
      "number",
    ]);
    await Bun.write(`${source}/go`, "");
    const exits = (): number =>
      Bun.spawnSync(["ls", `${box.execRoot}/tasks/.exits`])
        .stdout.toString()
        .split("\n").length;
    await until(() => exits() > 5, "five exits are written");

    daemon = await startDaemon(box);
    expect(await field("ticker", "{{.State.Pid}} {{.State.StartedAt}}")).toBe(pids);
    for (const [name, code] of Object.entries({ zero: 0, seven: 7, killed: 137, init: 9 })) {
      expect(`${name} ${await okay(["wait", name])}`).toBe(`${name} ${code}\n`);
      expect(await field(name, "{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}")).toBe(`exited ${code} 0`);
    }
    expect(await okay(["logs", "zero"])).toBe("bye\n");
    const list = await okay(["ps", "-a", "--format", "{{.Names}} {{.State}}"]);
    expect(list.trim().split("\n").toSorted()).toEqual([
      "cat running",
      "init exited",
      "killed exited",
      "made created",
      "opener running",
      "paused paused",
      "seven exited",
      "stays running",
      "ticker running",
      "zero exited",
    ]);
    expect(await okay(["port", "stays"])).toBe(ports);
  }, 60_000);

  test("no output is lost, and it can be followed", async () => {
    const follower = daemon.docker(["logs", "-f", "ticker"]);
    const seen = Number((await okay(["logs", "--tail", "1", "ticker"])).replace(/\D/g, "")) + 5;
    await until(async () => (await okay(["logs", "ticker"])).includes(`tick ${seen}\n`), "the ticker ticks");
    await okay(["stop", "-t", "0", "ticker"]);
    const { stdout, stderr } = await follower;
    const ticks = stdout.trimEnd().split("\n");
    expect(ticks.length).toBeGreaterThan(seen);
    expect(ticks).toEqual(ticks.map((_, at) => `tick ${at + 1}`));
    expect(stderr.split("\n").length).toBeGreaterThanOrEqual(ticks.length);
    expect(await field("ticker", "{{.State.ExitCode}}")).toBe("137");
  }, 30_000);

  test("exec, attach, unpause, stop, start and --rm work as before", async () => {
    expect(await okay(["exec", "cat", "echo", "in"])).toBe("in\n");
    await okay(["unpause", "paused"]);
    expect(await okay(["exec", "paused", "echo", "awake"])).toBe("awake\n");
    const attached = daemon.docker(["attach", "cat"], { stdin: "over\n" });
    await until(async () => (await okay(["logs", "cat"])) === "over\n", "stdin arrives");
    await okay(["kill", "cat"]);
    expect(await attached).toMatchObject({ code: 137, stdout: "over\n" });
    await okay(["restart", "-t", "0", "seven"]);
    expect(await okay(["wait", "seven"])).toBe("7\n");
    expect(await okay(["start", "-a", "made"])).toBe("made\n");
    await okay(["kill", "stays"]);
    await until(async () => !(await okay(["ps", "-a", "--format", "{{.Names}}"])).includes("stays"), "--rm acts");
    await okay(["rm", "-f", ...(await okay(["ps", "-aq"])).trim().split("\n")]);
    await untilTidy(box, daemon.pid);
    expect(readEngineState(box, daemon.pid)).toEqual({ containers: [], running: [], faults: [] });
  }, 30_000);
});
