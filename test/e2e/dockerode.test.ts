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

  test("follows logs, waits in every way, copies both ways, measures, resizes, renames, prunes", async () => {
    const script = join(import.meta.dirname, "dockerode-more.ts");
    const child = Bun.spawn([process.execPath, script, engine.box.socket], { stdio: ["ignore", "pipe", "pipe"] });
    const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect({ err, code }).toEqual({ err: "", code: 0 });
    expect(JSON.parse(out)).toEqual({
      followed: { out: "tick 1\ntick 2\ntick 3\n", err: "err 1\nerr 2\nerr 3\n" },
      tail: 1,
      waits: [6, 6],
      notRunning: 0,
      archive: { "dir/deep.txt": "deep\n" },
      stat: { size: 4 },
      missing: 404,
      changes: { Path: "/tmp/in.txt", Kind: 1 },
      stats: { pids: 1, hasTime: true },
      streamed: "/more-up",
      top: ["sleep 600"],
      tty: ["/dev/pts/0", "30 100"],
      execInspect: { ExitCode: 0, Running: false },
      pause: [200, 409, 200],
      rename: [200, "/more-new"],
      resize: 200,
      kill: 400,
      removeRunning: 409,
      events: ["rename", "resize", "kill", "die", "destroy"],
      pruned: true,
      left: 0,
    });
  }, 60_000);
});
