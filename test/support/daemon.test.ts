import { describe, expect, test } from "bun:test";
import { busyboxImage } from "./busybox.ts";
import { startDaemon } from "./daemon.ts";
import { openSandbox } from "./sandbox.ts";

describe.skipIf(process.getuid?.() !== 0)("a daemon in a sandbox", () => {
  test("answers both clients, and its container outlives it", async () => {
    await using box = await openSandbox();
    const image = await busyboxImage();
    const first = await startDaemon(box);
    expect(await first.docker(["load", "-i", image.archive])).toMatchObject({ code: 0 });
    expect(await first.docker(["run", "-d", "--name", "keeper", "busybox", "sleep", "600"])).toMatchObject({ code: 0 });
    await first.kill9();

    await using second = await startDaemon(box);
    expect(await second.lighter(["ps", "--format", "{{.Names}}"])).toEqual({ code: 0, stdout: "keeper\n", stderr: "" });
    expect(await second.docker(["exec", "keeper", "echo", "alive"])).toEqual({
      code: 0,
      stdout: "alive\n",
      stderr: "",
    });
  }, 60_000);

  test("one that cannot start says why", async () => {
    await using box = await openSandbox();
    await expect(startDaemon(box, { extraArgs: ["--no-such-flag"] })).rejects.toThrow(
      /ended with \d+[\s\S]*no-such-flag/,
    );
  });
});
