import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import type { CommandResult } from "../support/daemon.ts";
import { RestartTrial } from "../support/restarts.ts";
import { until } from "../support/until.ts";

/** Restart policies, as the docker CLI sees them, over the life of several daemons. */
describe.skipIf(process.getuid?.() !== 0)("a restart policy", () => {
  let trial: RestartTrial;
  beforeAll(async () => {
    trial = await RestartTrial.open();
  }, 60_000);
  afterAll(async () => trial?.[Symbol.asyncDispose]());

  const okay = (...args: readonly string[]): Promise<string> => trial.okay(...args);
  const docker = (...args: readonly string[]): Promise<CommandResult> => trial.daemon.docker(args);
  const field = (name: string, format: string): Promise<string> => trial.field(name, format);
  const count = (name: string): Promise<number> => trial.count(name);
  const status = (name: string): Promise<string> => trial.status(name);
  const restarting = (name: string, times: number): Promise<void> => trial.restarting(name, times);
  const events = async (name: string): Promise<string[]> =>
    (
      await okay(
        "events",
        "--since",
        "1",
        "--until",
        `${Math.floor(Date.now() / 1000) + 1}`,
        "--filter",
        `container=${name}`,
        "--format",
        "{{.Action}}",
      )
    ).split("\n");
  const crashing = ["busybox", "sh", "-c", "echo run; exit 3"];

  const fresh = (): Promise<void> => trial.clear();

  test("starts a container again, and shows it as Docker does between its runs", async () => {
    await okay("run", "-d", "--name", "crash", "--restart", "always", ...crashing);
    // From the fourth on it waits long enough to be looked at.
    await restarting("crash", 4);
    expect(JSON.parse(await field("crash", "{{json .State}}"))).toMatchObject({
      Status: "restarting",
      Running: true,
      Restarting: true,
      Pid: 0,
      ExitCode: 3,
      Error: "",
    });
    expect(await okay("ps", "--format", "{{.Names}} {{.State}} {{.Status}}")).toMatch(
      /^crash restarting Restarting \(3\) .* ago$/,
    );
    expect(await okay("ps", "-q", "--filter", "status=running")).toBe("");
    expect(await okay("ps", "-q", "--filter", "status=restarting")).not.toBe("");
    const id = await field("crash", "{{.Id}}");
    const refused: Readonly<Record<string, readonly string[]>> = {
      [`Container ${id} is restarting, wait until the container is running`]: ["exec", "crash", "true"],
      [`Container ${id} is restarting, wait until the container is running `]: ["pause", "crash"],
      [`Container ${id} is restarting, wait until the container is running  `]: ["top", "crash"],
      "You cannot attach to a restarting container, wait until it is running": ["attach", "crash"],
      [`cannot remove container "crash": container is restarting: stop the container before removing or force remove`]:
        ["rm", "crash"],
    };
    for (const [text, args] of Object.entries(refused)) {
      await restarting("crash", 4);
      const { code, stderr } = await docker(...args);
      expect({ args, code, stderr: stderr.trim() }).toMatchObject({ code: 1 });
      expect(stderr).toContain(text.trim());
    }
    // As one that runs.
    await okay("start", "crash");
    expect(await okay("wait", "crash")).toBe("3");
    await okay("stop", "crash");
    expect(await field("crash", "{{.State.Status}} {{.State.Running}} {{.State.Restarting}} {{.State.ExitCode}}")).toBe(
      "exited false false 3",
    );
    const runs = (await events("crash")).filter((action) => action === "start").length;
    expect(await count("crash")).toBe(runs);
    expect((await okay("logs", "crash")).split("\n")).toHaveLength(runs);
    expect((await events("crash")).at(-1)).toBe("stop");
    await okay("rm", "crash");
  }, 30_000);

  test("gives up after the last retry, and begins anew with the next start", async () => {
    const { code, stdout } = await docker("run", "--name", "twice", "--restart", "on-failure:2", ...crashing);
    // The client is let go at the first exit.
    expect({ code, stdout }).toEqual({ code: 3, stdout: "run\n" });
    const gaveUp = async (): Promise<boolean> => (await status("twice")) === "exited";
    await until(gaveUp, "it gives up");
    expect(await count("twice")).toBe(2);
    expect(await okay("logs", "twice")).toBe("run\nrun\nrun");
    expect((await events("twice")).filter((action) => action !== "attach")).toEqual([
      "create",
      "start",
      "die",
      "start",
      "die",
      "start",
      "die",
    ]);
    await okay("start", "twice");
    await until(async () => (await gaveUp()) && (await okay("logs", "twice")).length > 20, "it gives up again");
    expect(await count("twice")).toBe(2);
    expect((await okay("logs", "twice")).split("\n")).toHaveLength(6);
    await okay("run", "--name", "well", "--restart", "on-failure", "busybox", "true");
    expect(await field("well", "{{.State.Status}} {{.RestartCount}}")).toBe("exited 0");
    await fresh();
  }, 30_000);

  test("is quiet after stop, kill and rm -f, and speaks again after restart", async () => {
    const sleeper = ["busybox", "sh", "-c", "trap 'exit 5' USR1; while :; do sleep 0.05; done"];
    for (const name of ["stopped", "killed", "signalled", "gone"])
      await okay("run", "-d", "--name", name, "--restart", "always", ...sleeper);
    await okay("stop", "-t", "0", "stopped");
    await okay("kill", "killed");
    // A container that names no stop signal may be stopped by any, as in Docker.
    await okay("kill", "-s", "USR1", "signalled");
    expect(await okay("wait", "signalled")).toBe("5");
    await okay("rm", "-f", "gone");
    for (const name of ["stopped", "killed", "signalled"])
      expect(await field(name, "{{.Name}} {{.State.Status}} {{.RestartCount}}")).toBe(`/${name} exited 0`);
    await okay("restart", "-t", "0", "stopped");
    const pid = Number(await field("stopped", "{{.State.Pid}}"));
    process.kill(pid, "SIGKILL");
    await until(async () => (await count("stopped")) === 1 && (await status("stopped")) === "running", "it is back");
    for (const waiting of ["kill", "rm -f"]) {
      await okay("run", "-d", "--name", "wait", "--restart", "unless-stopped", ...crashing);
      await restarting("wait", 4);
      await okay(...waiting.split(" "), "wait");
      if (waiting === "kill") expect(await status("wait")).toBe("exited");
      await docker("rm", "wait");
    }
    await fresh();
  }, 30_000);

  test("is not asked when a start fails, first or later", async () => {
    const { code } = await docker("run", "--name", "never", "--restart", "always", "busybox", "nosuch");
    expect(code).toBe(127);
    expect(await field("never", "{{.State.Status}} {{.RestartCount}}")).toBe("created 0");
    await okay(
      "run",
      "-d",
      "--name",
      "once",
      "--restart",
      "always",
      "-v",
      `${trial.box.root}/exec:/exec`,
      "busybox",
      "/bin/sh",
      "-c",
      "mv /bin/sh /bin/gone; exit 1",
    );
    await until(async () => (await status("once")) === "exited", "its restart fails");
    expect(await field("once", "{{.State.ExitCode}} {{.RestartCount}}")).toBe("127 1");
    expect(await field("once", "{{.State.Error}}")).toContain("no such file or directory");
    await fresh();
  }, 30_000);

  test("that is none, or not for --rm, is refused", async () => {
    const refused = [
      ["foo", "unknown policy 'foo'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'"],
      ["always:3", "maximum retry count can only be used with 'on-failure'"],
      ["on-failure:-1", "maximum retry count cannot be negative"],
      ["on-unhealthy:-1", "maximum retry count cannot be negative"],
    ] as const;
    for (const [policy, text] of refused) {
      for (const client of [trial.daemon.docker, trial.daemon.lighter]) {
        const { code, stderr } = await client(["create", "--restart", policy, "busybox", "true"]);
        expect({ policy, code, stderr: stderr.split("\n")[0] }).toEqual({
          policy,
          code: 1,
          stderr: `Error response from daemon: invalid restart policy: ${text}`,
        });
      }
    }
    const { stderr } = await docker("run", "--rm", "--restart", "always", "busybox", "true");
    expect(stderr).toContain("conflicting options: cannot specify both --restart and --rm");
  }, 30_000);

  test("goes on where the daemon was killed while a container waited", async () => {
    await okay("run", "-d", "--name", "crash", "--restart", "always", ...crashing);
    await restarting("crash", 4);
    await trial.boot();
    const seen = await count("crash");
    await restarting("crash", seen + 1);
    // Each run wrote its line and was counted, whoever saw it end.
    await okay("stop", "crash");
    expect(await count("crash")).toBe(await trial.lines("crash"));
    await fresh();
  }, 30_000);

  test("counts what ended while no daemon lived, once", async () => {
    await okay("volume", "create", "gate");
    const once =
      "n=$(cat /gate/n || echo 0); echo $((n+1)) > /gate/n; until [ -e /gate/go ]; do sleep 0.02; done; rm /gate/go; exit 1";
    await okay(
      "run",
      "-d",
      "--name",
      "late",
      "--restart",
      "on-failure:5",
      "-v",
      "gate:/gate",
      "busybox",
      "sh",
      "-c",
      once,
    );
    await okay("run", "-d", "--name", "plain", "busybox", "sleep", "600");
    const [source, id] = (await field("late", "{{(index .Mounts 0).Source}} {{.Id}}")).split(" ") as [string, string];
    const plainPid = await field("plain", "{{.State.Pid}}");
    const starts = (): number => Number(readFileSync(`${source}/n`, "utf8"));
    await until(() => starts() === 1, "it runs");
    await trial.daemon.kill9();
    writeFileSync(`${source}/go`, "");
    await until(
      () => Bun.spawnSync(["ls", `${trial.box.execRoot}/tasks/.exits`]).stdout.includes(id),
      "its exit is written",
    );
    await trial.boot();
    await until(async () => (await status("late")) === "running" && starts() === 2, "it runs again");
    expect(await count("late")).toBe(1);
    await trial.boot();
    expect(await field("late", "{{.State.Status}} {{.RestartCount}}")).toBe("running 1");
    expect(starts()).toBe(2);
    expect(await field("plain", "{{.State.Pid}}")).toBe(plainPid);
    await fresh();
  }, 30_000);

  test("decides what starts with the daemon", async () => {
    const sleeper = ["busybox", "sleep", "600"];
    for (const policy of ["no", "always", "unless-stopped"])
      await okay("run", "-d", "--name", policy, "--restart", policy, ...sleeper);
    await okay("create", "--name", "made", "--restart", "always", ...sleeper);
    await okay("stop", "-t", "0", "no", "always", "unless-stopped");
    await trial.daemon.stop();
    await trial.boot();
    await until(async () => (await status("always")) === "running", "always runs");
    for (const [name, expected] of Object.entries({ no: "exited", "unless-stopped": "exited", made: "created" }))
      expect(`${name} ${await status(name)}`).toBe(`${name} ${expected}`);
    await fresh();
  }, 30_000);

  test("brings containers back after the host went down, whoever has their pids now", async () => {
    const sleeper = ["busybox", "sleep", "600"];
    const policies = { always: "running", "unless-stopped": "running", "on-failure": "running", no: "exited" };
    for (const policy of Object.keys(policies))
      await okay("run", "-d", "--name", policy, "--restart", policy, ...sleeper);
    await okay("run", "-d", "--name", "sharing", "--network", "container:always", "--restart", "always", ...sleeper);
    const ids = (await okay("ps", "-q", "--no-trunc")).split("\n");
    await trial.daemon.kill9();
    await using stranger = switchOff(ids);
    await trial.boot();
    for (const [name, expected] of Object.entries({ ...policies, sharing: "running" }))
      await until(async () => (await status(name)) === expected, `${name} is ${expected}`);
    expect(await field("no", "{{.State.ExitCode}}")).toBe("255");
    expect(await field("always", "{{.State.Pid}}")).not.toBe(String(stranger.pid));
    expect(await count("always")).toBe(0);
    expect(await okay("exec", "sharing", "true")).toBe("");
    expect(stranger.alive()).toBe(true);
    await fresh();
    expect(stranger.alive()).toBe(true);
  }, 30_000);

  /** Ends containers as a power cut does, and gives their pids, start times included, to a process of another boot. */
  function switchOff(ids: readonly string[]): AsyncDisposable & { readonly pid: number; alive(): boolean } {
    const stranger = Bun.spawn(["sleep", "600"]);
    const stat = readFileSync(`/proc/${stranger.pid}/stat`, "utf8");
    const startTime = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    for (const id of ids) {
      const path = `${trial.box.execRoot}/tasks/${id}/processes.json`;
      const { pid, monitorPid } = JSON.parse(readFileSync(path, "utf8")) as { pid: number; monitorPid: number };
      process.kill(monitorPid, "SIGKILL");
      process.kill(pid, "SIGKILL");
      const times = { pidStartTime: startTime, monitorStartTime: startTime };
      writeFileSync(path, JSON.stringify({ bootId: "another", pid: stranger.pid, monitorPid: stranger.pid, ...times }));
    }
    return {
      pid: stranger.pid,
      alive: () => stranger.exitCode === null && stranger.signalCode === null,
      async [Symbol.asyncDispose]() {
        stranger.kill("SIGKILL");
        await stranger.exited;
      },
    };
  }

  test("tries again where the engine, not the container, was the reason that it could not start", async () => {
    await trial.boot("restart.due=1*error");
    await okay("run", "-d", "--name", "again", "--restart", "on-failure:2", ...crashing);
    await trial.becomes("again", "exited");
    expect(await trial.lines("again")).toBe(3);
    await fresh();
  }, 30_000);
});
