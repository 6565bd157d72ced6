import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { cgroupsOf, RuntimeBench } from "./testing.ts";

const isRoot = process.getuid?.() === 0;
const sh = (script: string) => ({ Cmd: ["sh", "-c", script] });

describe.skipIf(!isRoot).each(["crun", "runc"])("tasks with %s", (name) => {
  const bench = new RuntimeBench(name);
  beforeAll(async () => void (await bench.open()));
  afterAll(async () => bench[Symbol.asyncDispose]());

  test("a task goes from created through running to exited, then nothing is left", async () => {
    const id = await bench.create({ ...sh("exit 7") });
    const { runtime } = bench;
    expect(runtime.status(id)).toMatchObject({ kind: "created" });
    expect(runtime.processes(id)).toHaveLength(1);
    await runtime.start(id);
    expect(await bench.exit(id)).toMatchObject({ exitCode: 7, oomKilled: false });
    expect(runtime.status(id)).toMatchObject({ kind: "exited", exit: { exitCode: 7 } });
    await runtime.delete(id);
    expect(runtime.status(id)).toEqual({ kind: "absent" });
    expect(runtime.list()).not.toContain(id);
    expect(cgroupsOf(id)).toEqual([]);
    expect(existsSync(`${bench.taskRoot}/.exits/${id}`)).toBe(false);
    expect(existsSync(`${bench.taskRoot}/.state/${name}/${id}`)).toBe(false);
    await runtime.delete(id);
  });

  test("a signal's number is in the exit code; a signal to an ended task is a conflict", async () => {
    const id = await bench.start({ Cmd: ["sleep", "100"] });
    bench.runtime.signal(id, 9);
    expect((await bench.exit(id)).exitCode).toBe(137);
    expect(() => bench.runtime.signal(id, 15)).toThrow("is not running");
    await bench.runtime.delete(id);
  });

  test("deleting a running task ends it and tells its exit", async () => {
    const id = await bench.start({ Cmd: ["sleep", "100"] });
    await bench.runtime.delete(id);
    expect((await bench.exit(id)).exitCode).toBe(137);
    expect(cgroupsOf(id)).toEqual([]);
  });

  test("pause freezes, resume goes on, and a paused task can be deleted", async () => {
    const id = await bench.start({ Cmd: ["sleep", "100"] });
    await bench.runtime.pause(id);
    expect(bench.runtime.status(id)).toMatchObject({ kind: "paused" });
    await bench.runtime.resume(id);
    expect(bench.runtime.status(id)).toMatchObject({ kind: "running" });
    await bench.runtime.pause(id);
    await bench.runtime.delete(id);
    expect(bench.runtime.status(id)).toEqual({ kind: "absent" });
  });

  test("a kill and a pause at once end it, whichever comes first", async () => {
    for (let waitMs = 0; waitMs < 12; waitMs += 2) {
      const id = await bench.start({ Cmd: ["sleep", "100"] });
      const paused = bench.runtime
        .pause(id)
        .catch((error: unknown) => expect(String(error)).toContain("is not running"));
      await Bun.sleep(waitMs);
      bench.runtime.signal(id, 9);
      expect((await bench.exit(id)).exitCode).toBe(137);
      await paused;
      await bench.runtime.delete(id);
    }
  });

  test.each([
    [["nosuch"], 'exec: "nosuch": executable file not found in $PATH'],
    [["/no/such"], "no such file or directory"],
    [["/tmp"], /is a directory|permission denied/],
  ])("%p cannot be created, in Docker's words, and leaves nothing", async (Cmd, text) => {
    const before = readdirSync(bench.taskRoot).sort();
    const creation = bench.create({ Cmd });
    await expect(creation).rejects.toThrow(
      "failed to create task for container: failed to create shim task: OCI runtime",
    );
    await expect(creation).rejects.toThrow(text);
    expect(readdirSync(bench.taskRoot).sort()).toEqual(before);
    expect(
      readdirSync(`${bench.taskRoot}/.exits`).filter((file) => bench.runtime.list().every((id) => id !== file)),
    ).toEqual([]);
  });

  test("the same id twice is refused and leaves the first alone", async () => {
    const id = await bench.start({ Cmd: ["sleep", "100"] });
    const request = { id, spec: bench.spec(id, { Cmd: ["true"] }), runtime: "", logPath: bench.logPath(id) };
    await expect(
      bench.runtime.create({ ...request, tty: false, openStdin: false, stdinOnce: false }),
    ).rejects.toThrow();
    expect(bench.runtime.status(id)).toMatchObject({ kind: "running" });
    await bench.runtime.delete(id);
  });

  test("capabilities, seccomp and masks are Docker's", async () => {
    const { stdout } = await bench.run(
      sh(
        "grep -E '^(Cap|Seccomp|NoNewPrivs)' /proc/1/status; unshare -U true 2>&1; cat /proc/kcore | wc -c; touch /proc/sys/x 2>&1",
      ),
    );
    expect(stdout).toMatch(/CapInh:\s0+\n/);
    for (const set of ["CapPrm", "CapEff", "CapBnd"]) expect(stdout).toMatch(new RegExp(`${set}:\\s00000000a80425fb`));
    expect(stdout).toMatch(/CapAmb:\s0+\n/);
    expect(stdout).toMatch(/Seccomp:\s2/);
    expect(stdout).toContain("unshare: unshare(0x10000000): Operation not permitted");
    expect(stdout).toMatch(/^0$/m);
    expect(stdout).toMatch(/touch: \/proc\/sys\/x: (Read-only|No such)/);
  });

  test("privileged has no filter, a read-only root refuses writes and its tmpfs takes them", async () => {
    const privileged = await bench.run(sh("grep Seccomp: /proc/1/status"), { Privileged: true });
    expect(privileged.stdout).toMatch(/Seccomp:\s0/);
    const readonly = await bench.run(sh("touch /x 2>&1; echo ok > /run-it/y && cat /run-it/y; mount | grep run-it"), {
      ReadonlyRootfs: true,
      Tmpfs: { "/tmp": "", "/root": "size=1m" },
      Mounts: [{ Type: "tmpfs", Target: "/run-it" }],
    });
    expect(readonly.stdout).toMatch(/Read-only file system\nok\ntmpfs on \/run-it .*nosuid,nodev,noexec/);
  });

  test("memory beyond the limit ends it as killed for memory", async () => {
    const { exit } = await bench.run(sh("tail /dev/zero"), { Memory: 16 * 1024 * 1024 });
    expect(exit).toMatchObject({ exitCode: 137, oomKilled: true });
  });

  test("no more processes than the pids limit", async () => {
    const { stderr, exit } = await bench.run(sh("for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait"), { PidsLimit: 4 });
    expect(stderr).toContain("can't fork");
    expect(exit.exitCode).not.toBe(0);
  });

  test("a new engine finds tasks, their exits and those that ended meanwhile", async () => {
    const running = await bench.start({ Cmd: ["sleep", "100"] });
    const ended = await bench.start({ ...sh("exit 3") });
    await bench.exit(ended);
    await using second = await bench.openRuntime();
    const seen = Promise.withResolvers<number>();
    const exits: [string, number][] = [];
    second.onExit((exit) => {
      exits.push([exit.id, exit.exitCode]);
      if (exits.length === 2) seen.resolve(2);
    });
    expect(second.list()).toEqual(expect.arrayContaining([running, ended]));
    expect(second.adopt(running)).toMatchObject({ kind: "running" });
    expect(second.adopt(ended)).toMatchObject({ kind: "exited" });
    second.signal(running, 9);
    await seen.promise;
    expect(new Map(exits)).toEqual(
      new Map([
        [ended, 3],
        [running, 137],
      ]),
    );
    await second.delete(running);
    await second.delete(ended);
  });

  test("a monitor that dies takes its container with it and the exit is told", async () => {
    const id = await bench.start({ Cmd: ["sleep", "100"] });
    const status = bench.runtime.status(id);
    if (status.kind !== "running") throw new Error(`unexpected ${status.kind}`);
    process.kill(status.monitorPid, "SIGKILL");
    expect((await bench.exit(id)).exitCode).toBe(137);
    await bench.runtime.delete(id);
    expect(cgroupsOf(id)).toEqual([]);
  });
});
