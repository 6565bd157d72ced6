import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { StatsResponse } from "#spec";
import { byVersion, unifiedCgroups } from "../support/cgroups.ts";
import { lighterCommand } from "../support/daemon.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";

const zero = "0001-01-01T00:00:00Z";

describe("stats", () => {
  let engine: TestEngine;
  beforeAll(async () => (engine = await openTestEngine()));
  afterAll(() => engine[Symbol.asyncDispose]());

  const request = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://engine/v1.51/containers/${path}`, { ...init, unix: engine.box.socket });
  const statsOf = async (path: string): Promise<StatsResponse> => (await (await request(path)).json()) as StatsResponse;
  async function start(name: string, ...flags: string[]): Promise<string> {
    return (await engine.docker(["run", "-d", "--name", name, ...flags, "busybox", "sleep", "600"])).trim();
  }

  /** The next documents of a stream; what comes in one chunk may be two. */
  async function* follow(name: string, signal: AbortSignal): AsyncGenerator<StatsResponse> {
    const response = await request(`${name}/stats`, { signal });
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk);
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) yield JSON.parse(line) as StatsResponse;
    }
  }

  test("one-shot: now, and nothing to compare with", async () => {
    const id = await start("one", "-m", "64m", "--pids-limit", "20");
    const stats = await statsOf("one/stats?stream=0&one-shot=1");
    expect(stats).toMatchObject({ name: "/one", id, preread: zero, num_procs: 0, storage_stats: {} });
    expect(stats.pids_stats).toEqual({ current: 1, limit: 20 });
    expect(stats.memory_stats.limit).toBe(64 * 1024 * 1024);
    expect(stats.memory_stats.stats).toHaveProperty(byVersion("total_inactive_file", "inactive_file"));
    expect(Number(stats.cpu_stats.cpu_usage.total_usage)).toBeGreaterThan(0);
    expect("percpu_usage" in stats.cpu_stats.cpu_usage).toBe(!unifiedCgroups);
    expect(stats.precpu_stats).not.toHaveProperty("system_cpu_usage");
    expect(Object.keys(stats.networks ?? {})).toEqual(["eth0"]);
  });

  test("without a stream there is something to compare with, also the first time: the start of the run", async () => {
    await start("two");
    const stats = await statsOf("two/stats?stream=false");
    const startedAt = (await engine.docker(["inspect", "-f", "{{.State.StartedAt}}", "two"])).trim();
    expect(stats.preread.slice(0, 19)).toBe(startedAt.slice(0, 19));
    expect(stats.precpu_stats.cpu_usage.total_usage).toBe(0);
    expect(Number(stats.precpu_stats.system_cpu_usage)).toBeLessThan(Number(stats.cpu_stats.system_cpu_usage));
  });

  test("a stream follows a container through its runs, and ends with it", async () => {
    await engine.docker(["create", "--name", "life", "busybox", "sleep", "600"]);
    const stop = new AbortController();
    const stream = follow("life", stop.signal);
    const next = async (until: (stats: StatsResponse) => boolean): Promise<StatsResponse> => {
      for (;;) {
        const { value, done } = await stream.next();
        if (done) throw new Error("the stream has ended");
        if (until(value)) return value;
      }
    };
    const first = await next(() => true);
    expect(first).toMatchObject({ name: "/life", read: zero, memory_stats: {}, pids_stats: {} });
    expect(first.blkio_stats.io_serviced_recursive).toBeNull();
    await engine.docker(["start", "life"]);
    const running = await next(({ read }) => read !== zero);
    const later = await next(() => true);
    expect(later.preread).toBe(running.read);
    await engine.docker(["stop", "-t", "0", "life"]);
    await next(({ read }) => read === zero);
    await engine.docker(["rm", "life"]);
    for await (const { read } of stream) expect(read).toBe(zero);
  });

  test("a paused container is read like any other", async () => {
    await start("paused");
    await engine.docker(["pause", "paused"]);
    expect((await statsOf("paused/stats?stream=0&one-shot=1")).pids_stats.current).toBe(1);
    await engine.docker(["unpause", "paused"]);
  });

  test.each(["host", "none"])("no interfaces of its own with --network %s", async (network) => {
    await start(`net-${network}`, "--network", network);
    expect(await statsOf(`net-${network}/stats?stream=0&one-shot=1`)).not.toHaveProperty("networks");
  });

  test("what Docker refuses", async () => {
    const refused = await request("one/stats?one-shot=1");
    expect([refused.status, await refused.json()]).toEqual([
      400,
      { message: "cannot have stream=true and one-shot=true" },
    ]);
    expect((await request("absent/stats")).status).toBe(404);
  });

  test("the docker CLI's table", async () => {
    const format = "{{.Name}} {{.PIDs}} {{.MemUsage}}";
    const stopped = await engine.docker(["create", "--name", "idle", "busybox", "true"]);
    expect(stopped).toHaveLength(65);
    const table = await engine.docker(["stats", "--no-stream", "--format", format, "one", "idle"]);
    expect(table).toMatch(/^one 1 \S+iB \/ 64MiB\nidle 0 0B \/ 0B\n$/);
  });

  test("lighter's table: once, of all that run, or live with those that come and go", async () => {
    const format = "{{.Name}} {{.PIDs}}";
    const names = (await engine.lighter(["stats", "--no-stream", "--format", "{{.Name}}"])).trim().split("\n");
    expect(names).toContain("one");
    expect(names).not.toContain("idle");
    expect(await engine.lighter(["stats", "--no-stream", "--format", format, "idle", "one"])).toBe("idle 0\none 1\n");
    const refused = await engine.daemon.lighter(["stats", "absent", "one"]);
    expect(refused).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "Error response from daemon: No such container: absent\n",
    });
    const screen = Bun.spawn([...lighterCommand(), "stats", "--format", format], {
      env: { DOCKER_HOST: engine.box.host, PATH: process.env["PATH"] ?? "", HOME: engine.box.root },
      stdout: "pipe",
    });
    const reader = pictures(screen.stdout);
    await reader((last) => last.includes("one 1"));
    await start("newcomer");
    await reader((last) => last.includes("newcomer 1"));
    await engine.docker(["rm", "-f", "newcomer"]);
    await reader((last) => !last.includes("newcomer"));
    screen.kill();
    await screen.exited;
  });
});

/** Waits for a whole picture of a screen that is drawn over and over. */
function pictures(stream: ReadableStream<Uint8Array>): (wanted: (last: string) => boolean) => Promise<void> {
  const reader = stream.getReader();
  let text = "";
  return async (wanted) => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error("the screen has ended");
      text += new TextDecoder().decode(value);
      const whole = text.slice(0, text.lastIndexOf("\u001B[J") + 1);
      if (whole !== "" && wanted(whole.slice(whole.lastIndexOf("\u001B[H")))) return;
    }
  };
}
