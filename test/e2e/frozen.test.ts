import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { openApiClient, type ApiClient } from "../support/api-client.ts";
import { busyboxImage } from "../support/busybox.ts";
import { startDaemon, type TestDaemon } from "../support/daemon.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { cgroupsOf, readEngineState } from "../support/state.ts";
import { until } from "../support/until.ts";
import { untilTidy } from "../support/tidy.ts";

const thawFiles = new Set<string>();

/** Stops every process of a cgroup inside the kernel, behind the engine's back: signals do not reach them there. */
function freeze(pid: number): void {
  const paths = readFileSync(`/proc/${pid}/cgroup`, "utf8").split("\n");
  const legacy = paths.flatMap((line) => /:freezer:(\/.*)$/.exec(line)?.[1] ?? [])[0];
  const unified = paths.flatMap((line) => /^0::(\/.*)$/.exec(line)?.[1] ?? [])[0] ?? "";
  const file =
    legacy === undefined ? `/sys/fs/cgroup${unified}/cgroup.freeze` : `/sys/fs/cgroup/freezer${legacy}/freezer.state`;
  thawFiles.add(file);
  writeFileSync(file, legacy === undefined ? "1" : "FROZEN");
}

describe.skipIf(process.getuid?.() !== 0)("a container whose processes hang in the kernel", () => {
  let box: Sandbox;
  let daemon: TestDaemon;
  let api: ApiClient;

  beforeAll(async () => {
    box = await openSandbox();
    api = openApiClient(box.socket);
    daemon = await startDaemon(box);
    await api.call("POST", "/images/load", Bun.file((await busyboxImage()).archive));
  });
  afterAll(async () => {
    for (const path of thawFiles) if (existsSync(path)) writeFileSync(path, path.endsWith("state") ? "THAWED" : "0");
    await daemon?.kill9();
    await box?.[Symbol.asyncDispose]();
  });

  async function run(name: string): Promise<{ readonly id: string; readonly pid: number }> {
    const script = 'trap "exit 3" TERM; echo up; while :; do sleep 1000 & wait; done';
    const body = { Image: "busybox:latest", Cmd: ["sh", "-c", script] };
    const { Id } = (await api.call("POST", `/containers/create?name=${name}`, body)).json<{ Id: string }>();
    await api.call("POST", `/containers/${Id}/start`);
    await until(async () => (await logs(Id)).includes("up"), "its trap is set");
    return { id: Id, pid: await pidOf(Id) };
  }
  const logs = async (id: string): Promise<string> => (await api.call("GET", `/containers/${id}/logs?stdout=1`)).text;
  const pidOf = async (id: string): Promise<number> =>
    (await api.call("GET", `/containers/${id}/json`)).json<{ State: { Pid: number } }>().State.Pid;
  const frozen = async (name: string): Promise<{ readonly id: string; readonly pid: number }> => {
    const made = await run(name);
    freeze(made.pid);
    return made;
  };
  const exec = async (id: string, detach: boolean): Promise<string> => {
    const made = await api.call("POST", `/containers/${id}/exec`, { Cmd: ["echo", "hello"], AttachStdout: true });
    return (await api.call("POST", `/exec/${made.json<{ Id: string }>().Id}/start`, { Detach: detach })).text;
  };

  test("delays nothing about itself that can be answered, and nothing about others", async () => {
    const stuck = await frozen("stuck");
    const other = await run("other");
    const hanging = exec(stuck.id, true);
    hanging.catch(() => undefined); // it ends with the container
    expect((await api.call("GET", "/containers/json?all=1")).json<object[]>()).toHaveLength(2);
    expect(await pidOf(stuck.id)).toBe(stuck.pid);
    expect(await logs(stuck.id)).toContain("up");
    for (const id of [stuck.id, other.id]) {
      expect((await api.ask("GET", `/containers/${id}/stats?stream=0&one-shot=1`)).status).toBeOneOf([200, 501]);
      expect((await api.call("GET", `/containers/${id}/top`)).text).toContain("sleep 1000");
    }
    expect(await exec(other.id, false)).toContain("hello");
    await api.call("POST", `/containers/${other.id}/pause`);
    await api.call("POST", `/containers/${other.id}/unpause`);
    await api.call("POST", `/containers/${other.id}/stop`);
    expect((await api.call("POST", `/containers/${other.id}/wait`)).json<object>()).toMatchObject({ StatusCode: 3 });
    await api.call("DELETE", `/containers/${other.id}`);
    const next = await run("next");
    await api.call("DELETE", `/containers/${next.id}?force=1`);
    await api.call("DELETE", `/containers/${stuck.id}?force=1`);
    await hanging.catch(() => undefined);
  }, 30_000);

  test("does not delay a new daemon", async () => {
    const stuck = await frozen("stuck");
    await daemon.kill9();
    daemon = await startDaemon(box);
    const list = (await api.call("GET", "/containers/json")).json<{ Id: string }[]>();
    expect(list.map(({ Id }) => Id)).toEqual([stuck.id]);
    expect(await pidOf(stuck.id)).toBe(stuck.pid);
    expect(await daemon.stop()).toBe(0);
    daemon = await startDaemon(box);
    await api.call("POST", `/containers/${stuck.id}/unpause`);
    await api.call("POST", `/containers/${stuck.id}/stop`);
    await api.call("DELETE", `/containers/${stuck.id}`);
  }, 30_000);

  test("can be stopped, killed and removed", async () => {
    const [one, two, three] = [await frozen("one"), await frozen("two"), await frozen("three")];
    await api.call("POST", `/containers/${one.id}/stop?t=1`);
    // What was sent to it while it was frozen is what it meets first.
    expect((await api.call("POST", `/containers/${one.id}/wait`)).json<object>()).toMatchObject({ StatusCode: 137 });
    await api.call("POST", `/containers/${two.id}/kill`);
    expect((await api.call("POST", `/containers/${two.id}/wait`)).json<object>()).toMatchObject({ StatusCode: 137 });
    await api.call("DELETE", `/containers/${three.id}?force=1`);
    await api.call("DELETE", `/containers/${one.id}`);
    await api.call("DELETE", `/containers/${two.id}`);
    await untilTidy(box, daemon.pid);
    expect(readEngineState(box, daemon.pid)).toEqual({ containers: [], running: [], faults: [] });
    expect(cgroupsOf([one.id, two.id, three.id])).toEqual([]);
    expect(existsSync(`/proc/${three.pid}`)).toBe(false);
  }, 30_000);
});
