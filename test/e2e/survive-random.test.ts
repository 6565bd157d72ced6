import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { busyboxImage } from "../support/busybox.ts";
import { startDaemon, type TestDaemon } from "../support/daemon.ts";
import { openHammer, type Hammer } from "../support/hammer.ts";
import { chosenSeed, randomOf } from "../support/random.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { cgroupsOf, readEngineState } from "../support/state.ts";

/**
 * The daemon is killed at random moments of a load, builds, creates, starts, runs and removals, and of its own start.
 * LIGHTER_KILLS is how often (default 200), LIGHTER_SEED repeats a sequence of moments.
 */
const kills = Number(process.env["LIGHTER_KILLS"] ?? 200);
const seed = chosenSeed();
const killsPerCheck = 10;

describe.skipIf(process.getuid?.() !== 0)(`kill -9 at ${kills} random moments, seed ${seed}`, () => {
  let box: Sandbox;
  let daemon: TestDaemon;
  let hammer: Hammer;
  const random = randomOf(seed);

  beforeAll(async () => {
    box = await openSandbox();
    daemon = await startDaemon(box);
    expect(await daemon.docker(["load", "-i", (await busyboxImage()).archive])).toMatchObject({ code: 0 });
    const ticker = "i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.2; done";
    await okay(["run", "-d", "--name", "keeper", "-v", "kept:/kept", "busybox", "sh", "-c", ticker]);
    hammer = await openHammer(box.socket);
  }, 60_000);
  afterAll(async () => {
    await daemon?.kill9();
    await box?.[Symbol.asyncDispose]();
  });

  test(
    "nothing committed is lost, nothing is leaked",
    async () => {
      for (let count = 0; count < kills; count++) {
        const work = hammer.run();
        await Bun.sleep(1 + random() * 150);
        await daemon.kill9();
        await work;
        if (random() < 0.2 && (await diesInItsStart())) count++;
        daemon = await startDaemon(box);
        if ((count + 1) % killsPerCheck === 0) await check(count + 1);
      }
      await check(kills);
    },
    kills * 2_000 + 60_000,
  );

  test("in the end everything can be removed", async () => {
    const ticks = (await okay(["logs", "keeper"])).split("\n").filter((line) => line !== "");
    expect(ticks).toEqual(ticks.map((_, at) => `tick ${at + 1}`));
    const { containers } = readEngineState(box, daemon.pid);
    await okay(["rm", "-f", "-v", ...containers]);
    await removeImages();
    await okay(["volume", "rm", "kept"]);
    const state = await settled();
    expect(state).toEqual({ containers: [], running: [], faults: [] });
    expect(cgroupsOf(containers)).toEqual([]);
    const files = Bun.spawnSync(["find", box.dataRoot, "-type", "f", "-printf", "%P\n"]).stdout.toString().trim();
    const kept = files.split("\n").filter((name) => !name.startsWith("events/"));
    expect(kept.toSorted()).toEqual(["lighter.db", "lighter.db-shm", "lighter.db-wal", "lock"]);
  }, 60_000);

  async function okay(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await daemon.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: exit ${code}: ${stderr}${stdout}\n${tailOf(daemon)}`);
    return stdout;
  }

  /** A parent cannot go before its children: what is left of a broken build is found in the next round. */
  async function removeImages(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      const ids = new Set((await okay(["images", "-a", "-q"])).split("\n").filter((id) => id !== ""));
      if (ids.size > 0) await daemon.docker(["rmi", "-f", ...ids]);
    }
    expect(await okay(["images", "-a", "-q"])).toBe("");
  }

  /** The recovery itself is cut short; some starts are faster than that. */
  async function diesInItsStart(): Promise<boolean> {
    try {
      daemon = await startDaemon(box, { timeoutMs: 10 + random() * 120 });
    } catch (error) {
      expect(String(error)).toContain("is not ready after");
      return true;
    }
    await daemon.kill9();
    return true;
  }

  async function settled(): Promise<ReturnType<typeof readEngineState>> {
    const deadline = performance.now() + 10_000;
    for (;;) {
      const state = readEngineState(box, daemon.pid);
      if (state.faults.length === 0 || performance.now() > deadline) return state;
      await Bun.sleep(20);
    }
  }

  async function report(faults: readonly string[]): Promise<string> {
    return [...faults, await okay(["ps", "-a", "--no-trunc"]), daemon.log()].join("\n");
  }

  /** What the engine acknowledged is there and works; then the machine holds what the rows say and no more. */
  async function check(count: number): Promise<void> {
    const where = `after ${count} kills, seed ${seed}`;
    const names = (await okay(["ps", "-a", "--format", "{{.Names}} {{.State}}"])).trim().split("\n");
    expect(names, where).toContain("keeper running");
    const images = (await okay(["images", "--format", "{{.Repository}}:{{.Tag}}"])).trim().split("\n");
    for (const image of hammer.images()) expect(images, where).toContain(image);
    for (const image of [...hammer.images()].slice(0, 3)) {
      expect(await okay(["run", "--rm", "--network", "none", image, "cat", "/proof"]), where).toBe(`${image}\n`);
    }
    for (const [name, state] of hammer.containers()) {
      expect(names, where).toContainEqual(expect.stringMatching(new RegExp(`^${name} ${state}$`)));
    }
    for (const [name] of [...hammer.containers()].slice(0, 3)) {
      await okay(["start", name]);
      expect(await okay(["exec", name, "echo", name]), where).toBe(`${name}\n`);
    }
    const { faults } = await settled();
    if (faults.length > 0) throw new Error(`${where}:\n${await report(faults)}`);
    const before = readEngineState(box, daemon.pid).containers;
    const mine = names.map((line) => line.split(" ")[0] ?? "").filter((name) => name !== "keeper");
    if (mine.length > 0) await okay(["rm", "-f", "-v", ...mine]);
    const built = images.filter((image) => image !== "busybox:latest" && !image.startsWith("<none>"));
    if (built.length > 0) await okay(["rmi", "-f", ...built]);
    hammer.forget();
    const after = await settled();
    if (after.faults.length > 0) throw new Error(`${where}, all removed:\n${await report(after.faults)}`);
    expect(after.containers).toHaveLength(1);
    expect(cgroupsOf(before.filter((id) => !after.containers.includes(id))), where).toEqual([]);
  }
});

function tailOf(daemon: TestDaemon): string {
  return daemon.log().split("\n").slice(-30).join("\n");
}
