import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import type { ContainerId } from "#core";
import { cgroupsOf, RuntimeBench } from "./testing.ts";

const isRoot = process.getuid?.() === 0;

/** Another process that creates a task, starts it when told so, says which, and waits to be killed. */
const engine = `
import { openRuntime } from ${JSON.stringify(`${import.meta.dir}/mod.ts`)};
const [taskRoot, id, spec, logPath, start] = process.argv.slice(2);
const silent = { log() {}, with: () => silent };
const runtime = await openRuntime({ taskRoot, runtimes: { crun: { path: "/usr/bin/crun" } }, logger: silent });
const creation = runtime.create({ id, spec: await Bun.file(spec).json(), runtime: "", logPath, tty: false, openStdin: true, stdinOnce: false });
if (start === "start") {
  await creation;
  await runtime.start(id);
}
console.log("ready");
await Bun.sleep(60_000);
`;

describe.skipIf(!isRoot)("an engine that is killed", () => {
  const bench = new RuntimeBench("crun");
  beforeAll(async () => void (await bench.open()));
  afterAll(async () => bench[Symbol.asyncDispose]());

  /** Kills the whole process group at once when the engine says it is ready, or after a while. */
  async function killedEngine(id: ContainerId, script: string, start: boolean, afterMs?: number): Promise<void> {
    const [program, spec] = [`${bench.directory}/engine.ts`, `${bench.directory}/${id}.spec.json`];
    mkdirSync(bench.directory, { recursive: true });
    writeFileSync(program, engine);
    writeFileSync(spec, JSON.stringify(bench.spec(id, { Cmd: ["sh", "-c", script] })));
    const command = [
      process.execPath,
      program,
      bench.taskRoot,
      id,
      spec,
      bench.logPath(id),
      start ? "start" : "create",
    ];
    const child = Bun.spawn(command, { stdio: ["ignore", "pipe", "inherit"], detached: true });
    const reader = child.stdout.getReader();
    await reader.read();
    if (afterMs !== undefined) await Bun.sleep(afterMs);
    process.kill(-child.pid, "SIGKILL");
    await child.exited;
  }

  test("leaves its containers running, talking and to be found", async () => {
    const id = bench.id();
    await killedEngine(id, "echo before; read line; echo after $line; exit 6", true);
    expect(bench.runtime.adopt(id)).toMatchObject({ kind: "running" });
    await bench.waitFor(id, "before");
    const stdin = bench.runtime.openStdin(id);
    await stdin.write(Buffer.from("death\n"));
    expect(await bench.exit(id)).toMatchObject({ exitCode: 6 });
    expect((await bench.output(id)).stdout).toBe("before\nafter death\n");
    stdin.end();
    await bench.runtime.delete(id);
    expect(cgroupsOf(id)).toEqual([]);
  });

  test.each([0, 1, 2, 4, 6, 8, 12, 20])("%p ms into a create leaves what delete removes", async (afterMs) => {
    const id = bench.id();
    await killedEngine(id, "sleep 100", false, afterMs);
    for (const found of bench.runtime.list()) await bench.runtime.delete(found);
    expect(bench.runtime.list()).toEqual([]);
    expect(readdirSync(`${bench.taskRoot}/.exits`)).toEqual([]);
    expect(readdirSync(`${bench.taskRoot}/.state/crun`).filter((name) => name === id)).toEqual([]);
    expect(cgroupsOf(id)).toEqual([]);
    expect(processesNaming(id)).toEqual([]);
  });
});

/** Pids of processes that were started with this id. */
function processesNaming(id: string): string[] {
  const { stdout } = Bun.spawnSync(["pgrep", "-f", id]);
  return stdout.toString().split("\n").filter(Boolean);
}
