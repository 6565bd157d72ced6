import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openTestEngine, type TestEngine } from "../support/engine.ts";

/** The reaper is an image of the internet: each container is stopped by the script itself. */
describe.skipIf(process.getuid?.() !== 0)("testcontainers", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await openTestEngine();
  }, 30_000);
  afterAll(async () => engine?.[Symbol.asyncDispose]());

  test("starts, waits in every way, copies, executes, reads logs, restarts and stops", async () => {
    const script = join(import.meta.dirname, "testcontainers-life.ts");
    const child = Bun.spawn([process.execPath, script], {
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: engine.box.root,
        DOCKER_HOST: engine.box.host,
        TESTCONTAINERS_RYUK_DISABLED: "true",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect({ err, code }).toEqual({ err: "", code: 0 });
    expect(JSON.parse(out)).toEqual({
      served: "200 page",
      exec: { exitCode: 3, stdout: "hello you in /tmp\n", stderr: "err\n" },
      logs: "begins\nready\n",
      copied: "200 later",
      archive: true,
      restarted: "200 page",
      labels: "web",
      ports: "404",
      command: true,
      healthy: 0,
      failed: expect.stringContaining("never"),
      oneShot: "once",
    });
    expect(await engine.docker(["ps", "-aq", "--filter", "label=tier"])).toBe("");
  }, 60_000);
});
