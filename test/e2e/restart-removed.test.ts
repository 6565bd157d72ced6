import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openTestEngine, type TestEngine } from "../support/engine.ts";

/** `docker restart` of a container that removes itself when it ends. */
describe.skipIf(process.getuid?.() !== 0)("a container run with --rm", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await openTestEngine();
  });
  afterAll(async () => engine?.[Symbol.asyncDispose]());

  test("stays when it is restarted, with what it wrote, and goes when it ends", async () => {
    const script = "date +%N >>/runs; trap 'exit 3' TERM; while :; do sleep 1000 & wait; done";
    const id = (await engine.docker(["run", "-d", "--rm", "--name", "again", "busybox", "sh", "-c", script])).trim();
    for (let run = 0; run < 2; run++) await engine.docker(["restart", "-t", "0", "again"]);
    expect(
      await engine.docker(["inspect", "-f", "{{.Id}} {{.State.Running}} {{.HostConfig.AutoRemove}}", "again"]),
    ).toBe(`${id} true true\n`);
    // The last run may not have come to write yet.
    expect(Number(await engine.docker(["exec", "again", "grep", "-c", ".", "/runs"]))).toBeGreaterThan(1);
    const gone = engine.daemon.docker(["wait", "--", "again"]);
    await engine.docker(["stop", "-t", "0", "again"]);
    await gone;
    expect((await engine.daemon.docker(["inspect", "again"])).stderr).toMatch(/no such object: again/i);
  });

  test("goes when its restart fails", async () => {
    await engine.docker(["run", "-d", "--rm", "--name", "broken", "busybox", "sh", "-c", "rm /bin/sh; sleep 1000"]);
    while ((await engine.daemon.docker(["exec", "broken", "/bin/busybox", "test", "-e", "/bin/sh"])).code === 0);
    expect((await engine.daemon.docker(["restart", "-t", "0", "broken"])).code).toBe(1);
    expect((await engine.daemon.docker(["inspect", "broken"])).stderr).toMatch(/no such object: broken/i);
  });
});
