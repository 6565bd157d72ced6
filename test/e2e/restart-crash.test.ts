import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { RestartTrial } from "../support/restarts.ts";
import { untilTidy } from "../support/tidy.ts";
import { until } from "../support/until.ts";

const crashing = ["busybox", "sh", "-c", "echo run; exit 3"];

/** Restart policies whose daemon dies. Three at a time: most of each is waiting. */
describe.skipIf(process.getuid?.() !== 0)("a restart policy whose daemon dies", () => {
  const scope = new AsyncDisposableStack();
  let trials: readonly RestartTrial[] = [];
  beforeAll(async () => {
    trials = await Promise.all([0, 1, 2].map(async () => scope.use(await RestartTrial.open())));
  }, 60_000);
  afterAll(async () => await scope.disposeAsync());

  /** Each case on whichever engine is free; then nothing of it is left. */
  async function each(
    cases: readonly string[],
    play: (trial: RestartTrial, failpoint: string) => Promise<void>,
  ): Promise<void> {
    const pending = [...cases];
    const lane = async (trial: RestartTrial): Promise<void> => {
      for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
        try {
          await play(trial, name);
          await trial.clear();
        } catch (error) {
          throw new Error(`${name}: ${String(error)}`, { cause: error });
        }
      }
    };
    await Promise.all(trials.map(lane));
  }

  test("counts every exit once", async () => {
    const points = [
      "exit.told=kill",
      "exit.told=2*kill",
      "exit.row=kill",
      "exit.row=2*kill",
      "restart.due=kill",
      "release.root=2*kill",
    ];
    await each(points, async (trial, failpoint) => {
      const run = ["run", "-d", "--name", "once", "--restart", "on-failure:3", ...crashing];
      await trial.dieAt(failpoint, () => trial.okay(...run));
      await trial.becomes("once", "exited");
      expect([failpoint, await trial.count("once"), await trial.lines("once")]).toEqual([failpoint, 3, 4]);
    });
  }, 120_000);

  test("is kept", async () => {
    const points = [
      "start.root=2*kill",
      "start.task=2*kill",
      "start.row=2*kill",
      "task.released=2*kill",
      "start.released=2*kill",
    ];
    await each(points, async (trial, failpoint) => {
      const run = ["run", "-d", "--name", "kept", "--restart", "always", ...crashing];
      await trial.dieAt(failpoint, () => trial.okay(...run));
      const before = await trial.lines("kept");
      await until(async () => (await trial.lines("kept")) > before + 1, "it goes on");
      await trial.okay("stop", "kept");
    });
  }, 120_000);

  test("starts nothing while the next daemon still compares rows and machine, and stays cancelled", async () => {
    await each(["exit.row=2*kill", "restart.cancelled=kill"], async (trial, failpoint) =>
      failpoint.startsWith("exit") ? startsLater(trial, failpoint) : staysCancelled(trial, failpoint),
    );
  }, 60_000);

  async function startsLater(trial: RestartTrial, failpoint: string): Promise<void> {
    const third = "echo >> /n; [ $(wc -l < /n) -lt 3 ] && exit 3; sleep 600";
    const run = ["run", "-d", "--name", "third", "--restart", "always", "busybox", "sh", "-c", third];
    const slowBoot = "recover.containers=delay(500);recover.strangers=delay(500)";
    await trial.dieAt(failpoint, () => trial.okay(...run), slowBoot);
    await trial.becomes("third", "running");
    await untilTidy(trial.box, trial.daemon.pid);
  }

  async function staysCancelled(trial: RestartTrial, failpoint: string): Promise<void> {
    await trial.dieAt(failpoint, async () => {
      await trial.okay("run", "-d", "--name", "over", "--restart", "unless-stopped", ...crashing);
      await trial.restarting("over", 3);
      await trial.okay("stop", "over");
    });
    const seen = await trial.lines("over");
    await trial.okay("run", "--rm", "busybox", "true");
    expect([await trial.status("over"), await trial.lines("over")]).toEqual(["exited", seen]);
  }

  test("survives deaths at any moment of it", async () => {
    await each(["one", "two", "three"], async (trial) => {
      await trial.boot();
      await trial.okay(
        "run",
        "-d",
        "--name",
        "fast",
        "--restart",
        "always",
        "busybox",
        "sh",
        "-c",
        "sleep 0.05; exit 1",
      );
      for (let round = 0; round < 2; round++) {
        const before = await trial.count("fast");
        await until(async () => (await trial.count("fast")) > before, "it is restarted");
        await trial.boot();
      }
      await trial.okay("stop", "fast");
      expect(await trial.status("fast")).toBe("exited");
    });
  }, 60_000);
});
