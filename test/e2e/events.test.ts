import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { busyboxImage } from "../support/busybox.ts";
import { startDaemon, type TestDaemon } from "../support/daemon.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";

interface Told {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly timeNano: number;
}

/** What Docker tells of these commands, in its order; `die` always before `stop`, which in Docker is chance. */
describe.skipIf(process.getuid?.() !== 0)("events", () => {
  let box: Sandbox;
  let daemon: TestDaemon;
  beforeAll(async () => {
    box = await openSandbox();
    daemon = await startDaemon(box);
    await docker("load", "-i", (await busyboxImage()).archive);
  }, 30_000);
  afterAll(async () => {
    await daemon?.kill9();
    await box?.[Symbol.asyncDispose]();
  });

  async function docker(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await daemon.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: exit ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  async function told(...filters: readonly string[]): Promise<Told[]> {
    const wanted = filters.flatMap((filter) => ["--filter", filter]);
    const until = String(Math.ceil(Date.now() / 1000));
    const text = await docker("events", "--since", "1", "--until", until, "--format", "json", ...wanted);
    return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Told]));
  }

  /** Kind and action of all that has to do with a container. */
  async function story(name: string): Promise<string[]> {
    const all = await told();
    const ids = all.filter(({ Actor }) => Actor.Attributes["name"] === name).map(({ Actor }) => Actor.ID);
    const mine = all.filter(({ Actor }) => ids.includes(Actor.ID) || ids.includes(Actor.Attributes["container"] ?? ""));
    return mine.map(({ Type, Action }) => (Type === "container" ? Action : `${Type} ${Action}`));
  }

  test("run, exec, pause, top, kill, stop, start, rename and rm say what Docker says", async () => {
    await docker("run", "-d", "--name", "life", "-l", "a=b", "-v", "data:/v:ro", "busybox", "sleep", "600");
    await docker("exec", "life", "echo", "hi");
    await docker("exec", "-d", "life", "true");
    await docker("pause", "life");
    await docker("unpause", "life");
    await docker("top", "life");
    await docker("kill", "-s", "WINCH", "life");
    await docker("restart", "-t", "0", "life");
    await docker("stop", "-t", "0", "life");
    await docker("rm", "life");
    const begin = ["volume mount", "network connect", "start"];
    const end = ["kill", "kill", "network disconnect", "volume unmount", "die", "stop"];
    const seen = (await story("life")).filter((action) => action !== "exec_die");
    expect(seen).toEqual([
      "create",
      ...begin,
      "exec_create: echo hi",
      "exec_start: echo hi",
      "exec_create: true ",
      "exec_start: true ",
      "pause",
      "unpause",
      "top",
      "kill",
      ...end,
      ...begin,
      "restart",
      ...end,
      "destroy",
    ]);
    const events = await told();
    const one = (action: string): Readonly<Record<string, string>> | undefined =>
      events.find(({ Action }) => Action === action)?.Actor.Attributes;
    const id = events.find(({ Type }) => Type === "container")?.Actor.ID ?? "";
    expect(one("start")).toEqual({ a: "b", image: "busybox", name: "life" });
    expect(one("exec_die")).toEqual({
      a: "b",
      image: "busybox",
      name: "life",
      exitCode: "0",
      execID: expect.any(String),
    });
    expect(one("exec_create: echo hi")?.["execID"]).toBe(one("exec_start: echo hi")?.["execID"] ?? "");
    expect(one("connect")).toEqual({ container: id, name: "bridge", type: "bridge" });
    const mount = { container: id, driver: "local", destination: "/v", propagation: "", "read/write": "false" };
    expect(one("mount")).toEqual(mount);
    expect(one("unmount")).toEqual({ container: id, driver: "local" });
    expect(events.find(({ Type, Action }) => `${Type} ${Action}` === "volume create")?.Actor).toEqual({
      ID: "data",
      Attributes: { driver: "local" },
    });
  }, 30_000);

  test("what goes with its container", async () => {
    await docker("run", "-d", "--rm", "--name", "gone", "--network", "none", "-v", "/anon", "busybox", "sleep", "600");
    await docker("stop", "-t", "0", "gone");
    const end = ["kill", "kill", "network disconnect", "volume unmount", "die", "stop", "destroy"];
    expect(await story("gone")).toEqual(["create", "volume mount", "network connect", "start", ...end]);
  }, 30_000);

  test("images by name, clean-ups by what they freed", async () => {
    await docker("tag", "busybox", "evtag:1");
    await docker("rmi", "evtag:1");
    for (const kind of ["container", "image", "volume", "network"]) await docker(kind, "prune", "-f");
    const seen = (await told("event=tag", "event=untag", "event=prune")).map(({ Type, Action, Actor }) => [
      `${Type} ${Action}`,
      Actor.Attributes["name"] ?? Actor.Attributes["reclaimed"],
    ]);
    expect(seen).toEqual([
      ["image tag", "evtag:1"],
      ["image untag", expect.stringMatching(/^sha256:/)],
      ["container prune", "0"],
      ["image prune", "0"],
      ["volume prune", expect.stringMatching(/^\d+$/)],
      ["network prune", "0"],
    ]);
  }, 30_000);

  test.each(["kill9", "stop"] as const)(
    "a daemon that ends by %s forgets nothing, and goes on in order",
    async (end) => {
      await docker("run", "--rm", "--name", "before", "busybox", "true");
      const before = await told("type=container");
      await daemon[end]();
      daemon = await startDaemon(box);
      expect((await told("type=container")).slice(0, before.length)).toEqual(before);
      await docker("run", "--rm", "--name", "after", "busybox", "true");
      const times = (await told()).map(({ timeNano }) => timeNano);
      expect(times.every((time, at) => at === 0 || time > (times[at - 1] ?? 0))).toBe(true);
      expect((await told("container=after")).map(({ Action }) => Action)).toContain("destroy");
    },
    30_000,
  );

  test("our CLI prints what docker's does", async () => {
    const until = String(Math.ceil(Date.now() / 1000));
    for (const format of [
      [],
      ["--format", "json"],
      ["--format", "{{.Type}} {{.Action}} {{.Actor.ID}} {{.Time}} {{.TimeNano}}"],
    ]) {
      const args = ["events", "--since", "1", "--until", until, ...format];
      expect(await daemon.lighter(args)).toEqual(await daemon.docker(args));
    }
    const broken = await daemon.lighter(["events", "--format", "{{"]);
    expect(broken.code).toBe(64);
  }, 30_000);
});
