import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { startDaemon } from "../support/daemon.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { until } from "../support/until.ts";

/** A child that wants more than there is, then the container goes on. */
const child = ["sh", "-c", "tail /dev/zero; echo child $?; sleep 600"];

describe("a process that wants more memory than there is", () => {
  let engine: TestEngine;
  beforeAll(async () => (engine = await openTestEngine()));
  afterAll(() => engine[Symbol.asyncDispose]());

  const stateOf = async (name: string): Promise<string> =>
    (await engine.docker(["inspect", "-f", "{{.State.OOMKilled}} {{.State.ExitCode}}", name])).trim();
  const eventsOf = async (name: string): Promise<string> => {
    const range = ["--since", "1", "--until", String(Math.ceil(Date.now() / 1000))];
    return engine.docker(["events", ...range, "-f", `container=${name}`, "-f", "event=oom", "--format", "{{.Action}}"]);
  };

  test.each(["crun", "runc"])("%s: the container's own: it ends with 137", async (runtime) => {
    const name = `init-${runtime}`;
    const run = ["run", "--name", name, "--runtime", runtime, "-m", "20m", "busybox", "tail", "/dev/zero"];
    expect((await engine.daemon.docker(run)).code).toBe(137);
    expect([await stateOf(name), await eventsOf(name)]).toEqual(["true 137", "oom\n"]);
  });

  test("a child of it: told while the container runs, once, and it ends as it likes", async () => {
    await engine.docker(["run", "-d", "--name", "goes-on", "-m", "20m", "busybox", ...child]);
    await until(async () => (await stateOf("goes-on")) === "true 0", "OOMKilled");
    await until(async () => (await engine.docker(["logs", "goes-on"])) === "child 137\n", "the child's exit code");
    expect(await eventsOf("goes-on")).toBe("oom\n");
    await engine.docker(["stop", "-t", "0", "goes-on"]);
    expect([await stateOf("goes-on"), await eventsOf("goes-on")]).toEqual(["true 137", "oom\n"]);
  });

  test("one that ends well after it has lost a child", async () => {
    const flags = ["--name", "ends-well", "-m", "20m"];
    await engine.docker(["run", ...flags, "busybox", "sh", "-c", "tail /dev/zero; true"]);
    expect([await stateOf("ends-well"), await eventsOf("ends-well")]).toEqual(["true 0", "oom\n"]);
  });

  test("a later run starts with a clean slate", async () => {
    const once = "test -e /x || { touch /x; tail /dev/zero; }";
    const first = await engine.daemon.docker(["run", "--name", "again", "-m", "20m", "busybox", "sh", "-c", once]);
    expect(first.code).toBe(137);
    expect(await stateOf("again")).toBe("true 137");
    await engine.docker(["start", "-a", "again"]);
    expect(await stateOf("again")).toBe("false 0");
  });

  test("what happened while no daemon lived is told by the next one", async () => {
    const wait = "while ! test -e /go; do sleep 0.05; done; tail /dev/zero; touch /lost; exec sleep 600";
    await engine.docker(["run", "-d", "--name", "unseen", "-m", "20m", "busybox", "sh", "-c", wait]);
    const pid = (await engine.docker(["inspect", "-f", "{{.State.Pid}}", "unseen"])).trim();
    await engine.daemon.kill9();
    await Bun.write(`/proc/${pid}/root/go`, "");
    await until(() => existsSync(`/proc/${pid}/root/lost`), "the child's end");
    await using next = await startDaemon(engine.box);
    const state = async (): Promise<string> =>
      (await next.docker(["inspect", "-f", "{{.State.OOMKilled}}", "unseen"])).stdout.trim();
    await until(async () => (await state()) === "true", "OOMKilled");
    await next.docker(["rm", "-f", "unseen"]);
  }, 120_000);
});
