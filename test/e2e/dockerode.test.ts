import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openTestEngine, type TestEngine } from "../support/engine.ts";

/** The life of a container as a program sees it, from a process of its own. */
describe.skipIf(process.getuid?.() !== 0)("dockerode", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await openTestEngine();
  });
  afterAll(async () => engine?.[Symbol.asyncDispose]());

  test("creates, attaches, starts, waits, reads logs, executes, builds, listens, removes", async () => {
    const script = join(import.meta.dirname, "dockerode-life.ts");
    const child = Bun.spawn([process.execPath, script, engine.box.socket], { stdio: ["ignore", "pipe", "pipe"] });
    const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect({ err, code }).toEqual({ err: "", code: 0 });
    expect(JSON.parse(out)).toEqual({
      attached: { stdout: "out: typed\n", stderr: "err\n" },
      waited: 4,
      logs: "out: typed\n",
      state: { Status: "exited", ExitCode: 4 },
      exec: { output: "in the box\n", exitCode: 6 },
      listed: ["/life-up"],
      built: "Successfully tagged life-built:latest",
      ran: "built\n",
      stopped: 204,
      again: 304,
      missing: 404,
      events: ["create", "attach", "start", "die", "destroy"],
      left: 0,
    });
  }, 30_000);
});
