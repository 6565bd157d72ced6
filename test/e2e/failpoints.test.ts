import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { failpointNames, type FailpointName } from "#core";
import { Gone, openApiClient, type ApiClient } from "../support/api-client.ts";
import { busyboxImage } from "../support/busybox.ts";
import { startDaemon, type TestDaemon } from "../support/daemon.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { cgroupsOf, readEngineState } from "../support/state.ts";
import { createStory, Refused, type Phase, type Step, type Story } from "../support/story.ts";
import { until } from "../support/until.ts";

/** Reached by the first container of an image alone. */
const ofNewImages: readonly FailpointName[] = ["init-layer.mounted", "init-layer.filled"];
const ofBoot = failpointNames.filter((name) => name.startsWith("recover."));
/** Their story is that of restart policies: restart-crash.test.ts. */
const ofPolicies = failpointNames.filter((name) => name.startsWith("restart."));
/** Reached in a user namespace alone: userns-failpoints.test.ts. */
const ofUserns = failpointNames.filter((name) => name.startsWith("userns."));
const elsewhere = [...ofBoot, ...ofNewImages, ...ofPolicies, ...ofUserns];
const ofStory = failpointNames.filter((name) => !elsewhere.includes(name));

/** A sandbox whose daemon dies again and again, beside one container that must not notice. */
class Trial implements AsyncDisposable {
  readonly api: ApiClient;
  readonly box: Sandbox;
  #daemon: TestDaemon | undefined;
  #keeper = "";

  constructor(box: Sandbox) {
    this.box = box;
    this.api = openApiClient(box.socket);
  }

  get daemon(): TestDaemon {
    if (this.#daemon === undefined) throw new Error("no daemon was started");
    return this.#daemon;
  }

  async boot(failpoints?: string): Promise<void> {
    this.#daemon = await startDaemon(
      this.box,
      failpoints === undefined ? {} : { env: { LIGHTER_FAILPOINTS: failpoints } },
    );
  }

  async load(): Promise<string> {
    return (await this.api.call("POST", "/images/load", Bun.file((await busyboxImage()).archive))).text;
  }

  async keep(): Promise<void> {
    const ticker = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done";
    const body = {
      Image: "busybox:latest",
      Cmd: ["sh", "-c", ticker],
      ExposedPorts: { "80/tcp": {} },
      HostConfig: { PublishAllPorts: true },
    };
    await this.api.call("POST", "/containers/create?name=keeper", body);
    await this.api.call("POST", "/containers/keeper/start");
    this.#keeper = await this.#keeperNow();
  }

  async #keeperNow(): Promise<string> {
    const { State, NetworkSettings } = (await this.api.call("GET", "/containers/keeper/json")).json<{
      State: { Pid: number; StartedAt: string };
      NetworkSettings: { IPAddress: string; Ports: object };
    }>();
    return JSON.stringify([State.Pid, State.StartedAt, NetworkSettings.IPAddress, NetworkSettings.Ports]);
  }

  /** Rows, machine and the container beside it are as they must be. */
  async expectTidy(where: string): Promise<void> {
    const faults = (): readonly string[] => [
      ...readEngineState(this.box, this.daemon.pid).faults,
      ...this.#execFiles(),
    ];
    await until(() => faults().length === 0, where).catch(() => {
      throw new Error(`${where}:\n${faults().join("\n")}\n${this.daemon.log()}`);
    });
    if (this.#keeper !== "") expect(await this.#keeperNow(), where).toBe(this.#keeper);
  }

  /** No exec runs: each has left nothing with its container. */
  #execFiles(): readonly string[] {
    const tasks = join(this.box.execRoot, "tasks");
    return readdirSync(tasks).flatMap((id) =>
      id.startsWith(".") ? [] : readdirSync(join(tasks, id)).filter((name) => name.startsWith("exec-")),
    );
  }

  /** The keeper has written each number once, whatever happened. */
  async expectKept(): Promise<void> {
    const { text } = await this.api.call("GET", "/containers/keeper/logs?stdout=1&tail=all");
    const numbers = [...text.matchAll(/(\d+)\n/g)].map(([, digits]) => Number(digits));
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.kill9();
    await this.box[Symbol.asyncDispose]();
  }
}

/** Plays until the daemon is gone. @returns the phases that are allowed afterwards */
async function playUntilGone(story: Story, api: ApiClient): Promise<readonly Phase[]> {
  let step: Step | undefined;
  try {
    for (step of story.steps) await step.run(api);
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
    return step === undefined ? ["absent"] : [step.from, step.to];
  }
  return ["absent"];
}

/** Whatever phase it is in, the container works and can be removed, and then nothing of it is left. */
async function expectUsable(trial: Trial, story: Story, where: string): Promise<void> {
  const { api } = trial;
  const id = story.id();
  const phase = await story.phase(api);
  if (phase === "paused") await api.call("POST", `/containers/${id}/unpause`);
  if (phase !== "absent") {
    await api.call("POST", `/containers/${id}/start`);
    const made = await api.call("POST", `/containers/${id}/exec`, { Cmd: ["true"] });
    await api.call("POST", `/exec/${made.json<{ Id: string }>().Id}/start`, { Detach: true });
    await api.call("DELETE", `/containers/${id}?force=1&v=1`);
  }
  await trial.expectTidy(`${where}, removed`);
  expect(cgroupsOf(id === "" ? [] : [id]), where).toEqual([]);
  expect((await api.call("GET", "/volumes")).json<{ Volumes: object[] | null }>().Volumes ?? []).toEqual([]);
}

/** A stop that was under way when the daemon died is finished by the container itself. */
async function expectPhase(story: Story, api: ApiClient, allowed: readonly Phase[], where: string): Promise<void> {
  const phase = await story.phase(api);
  expect(allowed, `${where}: ${phase}`).toContain(phase);
}

/** Behind these rows the request is finished by the next daemon, before them it has not been. */
const decided: Readonly<Partial<Record<FailpointName, readonly Phase[]>>> = {
  "create.filled": ["absent"],
  "create.row": ["created"],
  "start.task": ["created"],
  "start.row": ["running"],
  "task.released": ["running"],
  "start.released": ["running"],
  "pause.frozen": ["paused"],
  "unpause.thawed": ["running"],
  "signal.sent": ["exited 7"],
  "exit.told": ["exited 7"],
  "remove.row": ["absent"],
};

async function dieAt(trial: Trial, name: FailpointName): Promise<void> {
  const story = createStory();
  await trial.boot(`${name}=kill`);
  const allowed = await playUntilGone(story, trial.api);
  expect(await trial.daemon.exited, `the death at ${name}`).toBe(137);
  await trial.boot();
  await expectPhase(story, trial.api, decided[name] ?? allowed, name);
  await trial.expectTidy(name);
  await expectPhase(story, trial.api, decided[name] ?? allowed, `${name}, a little later`);
  await expectUsable(trial, story, name);
  await trial.daemon.kill9();
}

describe.skipIf(process.getuid?.() !== 0)("a daemon that dies", () => {
  const scope = new AsyncDisposableStack();
  afterAll(async () => await scope.disposeAsync());
  const open = async (): Promise<Trial> => scope.use(new Trial(await openSandbox()));

  /** Two at a time: much of each is waiting for processes. */
  test("at any point of a container's life leaves it whole", async () => {
    const lane = async (names: readonly FailpointName[], first: FailpointName): Promise<void> => {
      const trial = await open();
      await trial.boot();
      await trial.load();
      await trial.daemon.kill9();
      await dieAt(trial, first);
      await trial.boot();
      await trial.keep();
      await trial.daemon.kill9();
      for (const name of names) await dieAt(trial, name);
      await trial.boot();
      await trial.expectKept();
    };
    const [odd, even] = [1, 0].map((rest) => ofStory.filter((_, at) => at % 2 === rest)) as [
      FailpointName[],
      FailpointName[],
    ];
    await Promise.all([lane(odd, "init-layer.mounted"), lane(even, "init-layer.filled")]);
  }, 400_000);

  test("at any point of its own start is repaired by the next", async () => {
    const trial = await open();
    await trial.boot();
    await trial.load();
    await trial.keep();
    await trial.daemon.kill9();
    for (const name of ofBoot) {
      const story = createStory();
      await trial.boot("start.task=kill");
      await playUntilGone(story, trial.api);
      await expect(trial.boot(`${name}=kill`), name).rejects.toThrow("ended with");
      await trial.boot();
      await expectPhase(story, trial.api, ["created"], name);
      await trial.expectTidy(name);
      await expectUsable(trial, story, name);
      await trial.daemon.kill9();
    }
    await trial.boot();
    await trial.expectKept();
  }, 60_000);
});

/** On the way down; what is on the way up is undone by these, and one fault at a time is what must be survived. */
const givesBack = /^(snapshot\.row-gone|volume\.(trashed|row-gone)|(exit|discard|release|detach|remove)\..*)$/;
const connects = /^(endpoint|ports)\./;
const wholeLife = [...ofNewImages, ...ofStory];

describe.skipIf(process.getuid?.() !== 0).each([
  ["takes", wholeLife.filter((name) => !givesBack.test(name) && !connects.test(name)), false],
  // Beside the making of the task, whose failure is the one that is told.
  ["connects", wholeLife.filter((name) => connects.test(name)), false],
  // Each in the next life of the container: a few tries in a row are all that an engine makes.
  ["gives back", wholeLife.filter((name) => givesBack.test(name)), true],
] as const)("an effect that fails where the engine %s", (_, names, spread) => {
  let trial: Trial;
  const told = new Set<string>();
  beforeAll(async () => {
    trial = new Trial(await openSandbox());
    await trial.boot(names.map((name, at) => `${name}=${spread ? at + 1 : 1}*error`).join(";"));
    // Its layers are snapshots, too.
    for (;;) {
      const [, name] = /failpoint ([a-z.-]+)/.exec(await trial.load()) ?? [];
      if (name === undefined) break;
      told.add(name);
      await trial.expectTidy("load");
    }
  }, 60_000);
  afterAll(async () => await trial?.[Symbol.asyncDispose]());

  /** Each point fails once: whatever failed is undone, so the same request gets as far as the next point. */
  test("is told to the client and undone, or tried again where nobody waits", async () => {
    for (let life = 0; life < (spread ? names.length : 1); life++) {
      const story = createStory();
      for (const step of story.steps) await repeat(story, step);
      await trial.expectTidy(`life ${life}`);
      expect(cgroupsOf([story.id()])).toEqual([]);
    }
    const log = trial.daemon.log();
    expect(names.filter((name) => !told.has(name) && !log.includes(`failpoint ${name}`))).toEqual([]);
    expect(existsSync(trial.box.socket)).toBe(true);
    expect((await trial.api.call("GET", "/volumes")).json<{ Volumes: object[] | null }>().Volumes ?? []).toEqual([]);
  }, 120_000);

  async function repeat(story: Story, step: Step): Promise<void> {
    for (;;) {
      try {
        await step.run(trial.api);
        return;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (step.again?.test(error.message) === true) return;
        const [, name = ""] = /failpoint (\S+)$/.exec(error.message) ?? [];
        expect([step.name, error.status, error.message]).toEqual([
          step.name,
          500,
          expect.stringContaining("failpoint "),
        ]);
        expect(told, error.message).not.toContain(name);
        told.add(name);
      }
      const phase = await story.phase(trial.api);
      expect([step.from, step.to], `${step.name}: ${[...told].at(-1)}`).toContain(phase);
      await trial.expectTidy(`${step.name}: ${[...told].at(-1)}`);
      if (step.from !== step.to && (await story.phase(trial.api)) === step.to) return;
    }
  }
});
