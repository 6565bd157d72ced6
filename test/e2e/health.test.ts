import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import type { HealthState } from "../../src/spec/mod.ts";
import { busyboxImage } from "../support/busybox.ts";
import { startDaemon, type TestDaemon } from "../support/daemon.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { cgroupsOf } from "../support/state.ts";
import { until } from "../support/until.ts";
import { clearContainers } from "../support/tidy.ts";

/** Health checks, as the docker CLI and ours see them, over the life of several daemons. */
describe.skipIf(process.getuid?.() !== 0)("a health check", () => {
  let box: Sandbox;
  let daemon: TestDaemon;

  beforeAll(async () => {
    box = await openSandbox();
    daemon = await startDaemon(box);
    await okay("load", "-i", (await busyboxImage()).archive);
  }, 60_000);
  afterAll(async () => {
    await daemon?.kill9();
    await box?.[Symbol.asyncDispose]();
  });

  async function succeeded(client: TestDaemon["docker"], args: readonly string[], stdin?: string): Promise<string> {
    const { code, stdout, stderr } = await client(args, stdin === undefined ? {} : { stdin });
    if (code !== 0) throw new Error(`${args.join(" ")}: exit ${code}: ${stderr}${stdout}`);
    return stdout.trim();
  }
  const okay = (...args: readonly string[]): Promise<string> => succeeded(daemon.docker, args);
  const health = async (name: string): Promise<HealthState> =>
    JSON.parse(await okay("inspect", "-f", "{{json .State.Health}}", name)) as HealthState;
  const becomes = (name: string, status: string): Promise<void> =>
    until(async () => (await health(name)).Status === status, `${name} is ${status}`);
  const outputs = async (name: string): Promise<readonly string[]> =>
    (await health(name)).Log.map(({ Output }) => Output);
  const count = async (name: string): Promise<number> => Number(await okay("inspect", "-f", "{{.RestartCount}}", name));
  const ps = (name: string): Promise<string> => okay("ps", "--filter", `name=^/${name}$`, "--format", "{{.Status}}");
  async function events(name: string): Promise<string[]> {
    const now = String(Math.floor(Date.now() / 1000) + 1);
    const all = await okay(
      "events",
      "--since",
      "1",
      "--until",
      now,
      "--filter",
      `container=${name}`,
      "--format",
      "{{.Action}}",
    );
    return all.split("\n");
  }
  const quick = ["--health-interval", "50ms", "--health-retries", "2"];
  const sleeper = ["busybox", "sleep", "600"];

  const fresh = (): Promise<void> => clearContainers({ box, daemon, docker: (args) => okay(...args) });

  test("follows the container's health, and tells each change once", async () => {
    const check = "echo $A $(id -u) $(pwd); echo err >&2; test -e /tmp/well";
    await okay(
      "run",
      "-d",
      "--name",
      "web",
      "--health-cmd",
      check,
      ...quick,
      "-e",
      "A=b",
      "-u",
      "1000",
      "-w",
      "/tmp",
      ...sleeper,
    );
    expect(await ps("web")).toMatch(/^Up .* \((health: starting|unhealthy)\)$/);
    await becomes("web", "unhealthy");
    expect(await ps("web")).toEndWith(" (unhealthy)");
    await okay("exec", "web", "touch", "/tmp/well");
    await becomes("web", "healthy");
    expect(await ps("web")).toEndWith(" (healthy)");
    const filtered = (value: string): Promise<string> =>
      okay("ps", "--filter", `health=${value}`, "--format", "{{.Names}}");
    expect(await Promise.all(["healthy", "unhealthy", "none"].map(filtered))).toEqual(["web", "", ""]);
    const { FailingStreak, Log } = await health("web");
    expect({ FailingStreak, ...Log.at(-1) }).toMatchObject({
      FailingStreak: 0,
      ExitCode: 0,
      Output: "b 1000 /tmp\nerr\n",
    });
    await until(async () => (await health("web")).Log.every(({ ExitCode }) => ExitCode === 0), "the log moves on");
    expect((await health("web")).Log).toHaveLength(5);
    await okay("stop", "-t", "0", "web");
    const told = await events("web");
    expect(told.filter((action) => action.startsWith("health_status"))).toEqual([
      "health_status: unhealthy",
      "health_status: healthy",
    ]);
    const probe = (kind: string): number =>
      told.filter((action) => action.startsWith(`${kind}: /bin/sh -c echo`)).length;
    expect(probe("exec_create")).toBe(probe("exec_start"));
    expect(told.filter((action) => action === "exec_die").length).toBeGreaterThan(5);
    // What does not run is unhealthy, as in Docker, and begins anew with the next run.
    expect((await health("web")).Status).toBe("unhealthy");
    await okay("start", "web");
    await becomes("web", "healthy");
    expect((await okay("inspect", "-f", "{{json .ExecIDs}}", "web")).length).toBeLessThan(80);
    await fresh();
  }, 30_000);

  test("is not run while the container is paused or stopped", async () => {
    await okay("run", "-d", "--name", "web", "--health-cmd", "true", ...quick, ...sleeper);
    await becomes("web", "healthy");
    await okay("pause", "web");
    expect(await ps("web")).toEndWith(" (Paused)");
    const before = await health("web");
    expect(before.Status).toBe("unhealthy");
    expect(await okay("ps", "-q", "--filter", "health=healthy")).toBe("");
    await Bun.sleep(200);
    expect(await health("web")).toEqual(before);
    await okay("unpause", "web");
    expect((await health("web")).Status).toBe("healthy");
    await until(async () => (await health("web")).Log.at(-1)?.Start !== before.Log.at(-1)?.Start, "it is probed again");
    await okay("kill", "web");
    const last = await health("web");
    await Bun.sleep(200);
    expect(await health("web")).toEqual(last);
    await fresh();
  }, 30_000);

  test("that takes too long, cannot be run or says much", async () => {
    const run = (name: string, ...more: readonly string[]): Promise<string> =>
      okay("run", "-d", "--name", name, ...quick, ...more, ...sleeper);
    await run("slow", "--health-cmd", "echo out; sleep 88 & sleep 77", "--health-timeout", "150ms");
    await run("loud", "--health-cmd", "yes | head -c 9000");
    await run("user", "--health-cmd", "true", "-u", "nobody-at-all").catch(() => "");
    await run("starting", "--health-cmd", "exit 7", "--health-start-period", "10m", "--health-start-interval", "20ms");
    await becomes("slow", "unhealthy");
    expect((await health("slow")).Log.at(-1)).toMatchObject({
      ExitCode: -1,
      Output: "Health check exceeded timeout (150ms): out\n",
    });
    // Nothing of the earlier ones is left; one may be under way.
    const left = (await okay("top", "slow", "-eo", "pid,args")).match(/sleep 88/g) ?? [];
    expect((await health("slow")).FailingStreak).toBeGreaterThan(1);
    expect(left.length).toBeLessThan(2);
    await okay("kill", "slow");
    expect(await okay("ps", "-a", "--filter", "name=slow", "--format", "{{.State}}")).toBe("exited");
    await becomes("loud", "healthy");
    const [output = ""] = await outputs("loud");
    expect([output.length, output.slice(-5)]).toEqual([4099, "y\n..."]);
    await until(async () => (await health("starting")).Log.length === 5, "it is probed often while it starts");
    expect(await health("starting")).toMatchObject({ Status: "starting", FailingStreak: 0 });
    await fresh();
  }, 30_000);

  test("comes from the image, field by field, and can be turned off", async () => {
    const file = "FROM busybox\nHEALTHCHECK --interval=60ms --retries=1 CMD echo of the image; false\n";
    await succeeded(daemon.docker, ["build", "-q", "-t", "checked", "-"], file);
    await okay("run", "-d", "--name", "own", "checked", "sleep", "600");
    await okay("run", "-d", "--name", "mixed", "--health-retries", "100", "checked", "sleep", "600");
    await okay("run", "-d", "--name", "off", "--no-healthcheck", "checked", "sleep", "600");
    await becomes("own", "unhealthy");
    expect((await outputs("own"))[0]).toBe("of the image\n");
    await until(async () => (await health("mixed")).FailingStreak > 1, "more retries");
    expect((await health("mixed")).Status).toBe("starting");
    expect(await okay("inspect", "-f", "{{json .State.Health}} {{.Config.Healthcheck.Test}}", "off")).toBe(
      "null [NONE]",
    );
    expect(await okay("ps", "--filter", "health=none", "--format", "{{.Names}}")).toBe("off");
    await fresh();
  }, 30_000);

  test("that cannot be meant is refused", async () => {
    const refused = {
      "Interval in Healthcheck cannot be less than 1ms": ["--health-interval", "1us"],
      "StartPeriod in Healthcheck cannot be less than 1ms": ["--health-start-period", "1us"],
      "invalid annotation io.lighter.health=udp://:1: it takes tcp://:PORT or http://:PORT/PATH": [
        "--annotation",
        "io.lighter.health=udp://:1",
      ],
    };
    for (const [text, args] of Object.entries(refused)) {
      for (const client of [daemon.docker, daemon.lighter]) {
        const { code, stderr } = await client(["create", ...args, "busybox", "true"]);
        expect({ code, stderr: stderr.trim() }).toEqual({ code: 1, stderr: `Error response from daemon: ${text}` });
      }
    }
    const { stderr } = await daemon.lighter(["create", "--health-tcp", "80", "--health-cmd", "x", "busybox", "true"]);
    expect(stderr).toContain("--health-cmd, --health-tcp and --health-http exclude each other");
  }, 30_000);

  test("of the engine's own needs no process in the container", async () => {
    const server = "mkdir /w; echo hi > /w/well; until [ -e /go ]; do sleep 0.02; done; exec httpd -f -p 8080 -h /w";
    const { lighter, docker } = daemon;
    const run = (client: TestDaemon["docker"], name: string, ...more: readonly string[]): Promise<string> =>
      succeeded(client, ["run", "-d", "--name", name, ...quick, ...more, "busybox", "sh", "-c", server]);
    await run(lighter, "tcp", "--health-tcp", "8080");
    await run(lighter, "http", "--health-http", "http://localhost:8080/well");
    await run(docker, "missing", "--annotation", "io.lighter.health=http://:8080/missing");
    await run(docker, "alone", "--network", "none", "--annotation", "io.lighter.health=tcp://:8080");
    const all = ["tcp", "http", "missing", "alone"];
    for (const name of all) {
      await becomes(name, "unhealthy");
      expect((await outputs(name)).at(-1)).toBe("127.0.0.1:8080: connect: connection refused");
      await okay("exec", name, "touch", "/go");
    }
    for (const name of ["tcp", "http", "alone"]) await becomes(name, "healthy");
    expect((await outputs("tcp")).at(-1)).toBe("connected to 127.0.0.1:8080");
    expect((await outputs("http")).at(-1)).toBe("HTTP/1.1 200 OK");
    const notFound = async (): Promise<boolean> => (await outputs("missing")).at(-1) === "HTTP/1.1 404 Not Found";
    await until(notFound, "the server answers");
    expect((await health("missing")).Status).toBe("unhealthy");
    for (const name of all)
      expect((await events(name)).filter((action) => action.startsWith("exec_create"))).toEqual([
        "exec_create: touch /go",
      ]);
    await fresh();
  }, 30_000);

  test("restarts what is unhealthy, where the policy says so", async () => {
    // Ends well when it is asked to: only its health tells the policy.
    const server = "trap 'exit 0' TERM; while :; do sleep 0.02; done";
    await okay(
      "run",
      "-d",
      "--name",
      "sick",
      "--restart",
      "on-unhealthy:2",
      "--health-cmd",
      "false",
      ...quick,
      "busybox",
      "sh",
      "-c",
      server,
    );
    await until(async () => (await count("sick")) === 2 && (await ps("sick")).endsWith("(unhealthy)"), "it gives up");
    const told = (await events("sick")).filter((action) => !action.startsWith("exec"));
    const cycle = ["health_status: unhealthy", "kill", "die", "start"];
    expect(told).toEqual(["create", "start", ...cycle, ...cycle, "health_status: unhealthy"]);
    expect(await okay("inspect", "-f", "{{.State.Status}}", "sick")).toBe("running");
    await succeeded(daemon.lighter, ["run", "-d", "--name", "ended", "--restart", "on-unhealthy", "busybox", "true"]);
    await okay("wait", "ended");
    expect(await count("ended")).toBe(0);
    const policy = ["--restart", "always", "--stop-timeout", "0"];
    await okay("run", "-d", "--name", "always", ...policy, "--health-cmd", "false", ...quick, ...sleeper);
    await becomes("always", "unhealthy");
    expect(await count("always")).toBe(0);
    // A policy that changes meanwhile counts from then on.
    await okay("update", "--restart", "on-unhealthy", "always");
    await until(async () => (await count("always")) > 0, "it is restarted");
    await fresh();
  }, 30_000);

  test("goes on under the next daemon, with the status as it was", async () => {
    await okay(
      "run",
      "-d",
      "--name",
      "web",
      "--health-cmd",
      "test -e /well",
      ...quick,
      "--health-start-period",
      "1h",
      "--health-start-interval",
      "20ms",
      ...sleeper,
    );
    await okay("exec", "web", "touch", "/well");
    await becomes("web", "healthy");
    await okay(
      "run",
      "-d",
      "--name",
      "rare",
      "--health-cmd",
      "true",
      "--health-interval",
      "1h",
      "--health-start-interval",
      "20ms",
      "--health-start-period",
      "1h",
      ...sleeper,
    );
    await becomes("rare", "healthy");
    const before = await health("rare");
    await daemon.kill9();
    daemon = await startDaemon(box);
    expect(await health("rare")).toEqual(before);
    expect((await health("web")).Status).toBe("healthy");
    await okay("exec", "web", "rm", "/well");
    await becomes("web", "unhealthy");
    await fresh();
  }, 30_000);

  test("that hangs delays nothing else, and counts as failed", async () => {
    const slow = ["--health-interval", "50ms", "--health-retries", "2", "--health-timeout", "100ms"];
    const id = await okay("run", "-d", "--name", "frozen", "--health-cmd", "true", ...slow, ...sleeper);
    await okay("run", "-d", "--name", "other", "--health-cmd", "true", ...quick, ...sleeper);
    await becomes("frozen", "healthy");
    freeze(id, true);
    try {
      await becomes("frozen", "unhealthy");
      const other = (await health("other")).Log.at(-1)?.Start;
      expect(await okay("exec", "other", "echo", "in")).toBe("in");
      await until(async () => (await health("other")).Log.at(-1)?.Start !== other, "the other is probed");
      expect((await health("other")).Status).toBe("healthy");
    } finally {
      freeze(id, false);
    }
    await becomes("frozen", "healthy");
    await fresh();
  }, 30_000);

  /** Behind the engine's back. */
  function freeze(id: string, frozen: boolean): void {
    const [v1, v2] = ["freezer.state", "cgroup.freeze"].map((file) =>
      cgroupsOf([id])
        .map((path) => `${path}/${file}`)
        .find((path) => existsSync(path)),
    );
    if (v1 !== undefined) writeFileSync(v1, frozen ? "FROZEN" : "THAWED");
    else if (v2 !== undefined) writeFileSync(v2, frozen ? "1" : "0");
    else throw new Error("no freezer");
  }
});
