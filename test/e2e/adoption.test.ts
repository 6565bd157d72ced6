import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openApiClient, type ApiClient } from "../support/api-client.ts";
import { busyboxImage } from "../support/busybox.ts";
import { startCrowd } from "../support/crowd.ts";
import { startDaemon, type TestDaemon } from "../support/daemon.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { readEngineState } from "../support/state.ts";
import { untilTidy } from "../support/tidy.ts";

const total = 200;
const ending = 20;

/** A new daemon takes over what the last one left running. How long that takes is printed; what it must be is `npm run bench`'s matter. */
describe.skipIf(process.getuid?.() !== 0)(`a daemon that comes up beside ${total} running containers`, () => {
  let box: Sandbox;
  let daemon: TestDaemon;
  let api: ApiClient;
  let ids: readonly string[] = [];

  beforeAll(async () => {
    box = await openSandbox();
    api = openApiClient(box.socket);
    daemon = await startDaemon(box);
    await api.call("POST", "/images/load", Bun.file((await busyboxImage()).archive));
    await api.call("POST", "/volumes/create", { Name: "gate" });
    const waits = (code: number): string => `until [ -e /gate/go ]; do sleep 0.1; done; exit ${code}`;
    ids = await startCrowd(api, total + ending, (at) => ({
      Image: "busybox:latest",
      Cmd: at < total ? ["sleep", "100000"] : ["sh", "-c", waits(at % 100)],
      HostConfig: { Binds: at < total ? [] : ["gate:/gate"], NetworkMode: at % 2 === 0 ? "bridge" : "none" },
    }));
  }, 120_000);
  afterAll(async () => {
    await daemon?.kill9();
    await box?.[Symbol.asyncDispose]();
  }, 60_000);

  const states = async (): Promise<ReadonlyMap<string, string>> => {
    const list = (await api.call("GET", "/containers/json?all=1")).json<{ Id: string; State: string }[]>();
    return new Map(list.map(({ Id, State }) => [Id, State]));
  };
  const pidOf = async (id: string): Promise<number> =>
    (await api.call("GET", `/containers/${id}/json`)).json<{ State: { Pid: number } }>().State.Pid;

  test("adopts each as it is, and knows how the others ended", async () => {
    const running = ids.slice(0, total);
    const pids = await Promise.all(running.map(pidOf));
    const { Mountpoint } = (await api.call("GET", "/volumes/gate")).json<{ Mountpoint: string }>();
    await daemon.kill9();
    await Bun.write(`${Mountpoint}/go`, "");
    const begin = performance.now();
    daemon = await startDaemon(box);
    const first = await states();
    console.log(`      first answer after ${Math.round(performance.now() - begin)} ms`);
    expect(running.filter((id) => first.get(id) !== "running")).toEqual([]);
    expect(await Promise.all(running.map(pidOf))).toEqual(pids);
    const waits = ids
      .slice(total)
      .map(async (id) => (await api.call("POST", `/containers/${id}/wait`)).json<{ StatusCode: number }>().StatusCode);
    expect(await Promise.all(waits)).toEqual(Array.from({ length: ending }, (_, at) => (total + at) % 100));
  }, 60_000);

  test("ends them all, and leaves nothing", async () => {
    await Promise.all(ids.map((id) => api.call("DELETE", `/containers/${id}?force=1`)));
    await untilTidy(box, daemon.pid);
    expect(readEngineState(box, daemon.pid)).toEqual({ containers: [], running: [], faults: [] });
  }, 60_000);
});
