import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { lighterCommand } from "../support/daemon.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { openTerminal, type TerminalSession } from "../support/terminal.ts";
import { until } from "../support/until.ts";

/** A person at a terminal. */
describe.skipIf(process.getuid?.() !== 0).each(["docker", "lighter"] as const)("at a terminal with %s", (client) => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await openTestEngine();
  });
  afterAll(async () => engine?.[Symbol.asyncDispose]());
  afterEach(async () => {
    const ids = (await engine.docker(["ps", "-aq"])).split("\n").filter((id) => id !== "");
    if (ids.length > 0) await engine.docker(["rm", "-f", ...ids]);
  });

  function open(...args: string[]): TerminalSession {
    const program = client === "docker" ? ["docker"] : lighterCommand();
    const { host, root } = engine.box;
    return openTerminal([...program, ...args], { DOCKER_HOST: host, DOCKER_CONFIG: join(root, "docker") });
  }
  const field = async (name: string, format: string): Promise<string> =>
    (await engine.docker(["inspect", "-f", format, name])).trim();
  // What is typed while the shell still edits its line is the shell's.
  const runs = (name: string, command: string): Promise<void> =>
    until(async () => (await engine.docker(["top", name])).includes(command), `${command} runs`);
  const start = (name: string, ...args: string[]): Promise<string> =>
    engine.docker(["run", "-d", "--name", name, ...args]);

  test("run -it: a shell with a prompt, echo, colours, its exit code", async () => {
    using terminal = open("run", "-it", "--name", "sh", "busybox", "sh");
    await terminal.sees("/ # ");
    terminal.type("tty; echo $TERM\r");
    await terminal.sees(/\/dev\/pts\/0\r\n\S*xterm\r\n/);
    terminal.type("exit 23\r");
    expect(await terminal.exited).toBe(23);
    expect(await field("sh", "{{.State.ExitCode}} {{.Config.Tty}}")).toBe("23 true");
  });

  test("the size is that of the terminal, and follows it", async () => {
    using terminal = open("run", "--rm", "-it", "busybox", "sh");
    await terminal.sees("/ # ");
    await until(async () => {
      terminal.type("stty size\r");
      await terminal.sees(/\d+ \d+\r\n/);
      return terminal.screen().includes("24 80\r\n");
    }, "the first size arrives");
    terminal.resize(101, 37);
    await until(async () => {
      terminal.type("stty size\r");
      await terminal.sees(/\d+ \d+\r\n/);
      return terminal.screen().includes("37 101\r\n");
    }, "the second size arrives");
    terminal.type("exit\r");
    expect(await terminal.exited).toBe(0);
  });

  test("Ctrl-C interrupts what runs, not the client", async () => {
    using terminal = open("run", "--rm", "-it", "--name", "sh", "busybox", "sh");
    await terminal.sees("/ # ");
    terminal.type("sleep 600\r");
    await runs("sh", "sleep 600");
    terminal.type("\x03");
    await terminal.sees("/ # ");
    terminal.type("echo $?\r");
    await terminal.sees("130\r\n");
    terminal.type("\x04");
    expect(await terminal.exited).toBe(0);
  });

  test("Ctrl-P Ctrl-Q detaches, attach comes back, and a detach key of one's own", async () => {
    using first = open("run", "-it", "--name", "kept", "busybox", "sh");
    await first.sees("/ # ");
    first.type("x=remembered\r");
    await first.sees("/ # ");
    first.type("\x10\x11");
    expect(await first.exited).toBe(0);
    expect(await field("kept", "{{.State.Running}}")).toBe("true");

    using second = open("attach", "--detach-keys", "ctrl-e,e", "kept");
    second.type("echo $x\r");
    await second.sees("remembered\r\n");
    second.type("\x05e");
    await second.exited;
    expect(await field("kept", "{{.State.Running}}")).toBe("true");

    using third = open("attach", "kept");
    third.type("exit 5\r");
    expect(await third.exited).toBe(5);
  });

  test("exec -it: size, keys and exit code", async () => {
    await start("box", "busybox", "sleep", "600");
    using terminal = open("exec", "-it", "box", "sh");
    await terminal.sees("/ # ");
    // The docker CLI listens for a new size a moment after the start.
    let attempt = 0;
    await until(async () => {
      terminal.resize(90 - (attempt++ % 2), 30);
      terminal.type("stty size\r");
      await terminal.sees(/\d+ \d+\r\n/);
      return terminal.screen().includes("30 90\r\n");
    }, "the size arrives");
    terminal.type("sleep 602\r");
    await runs("box", "sleep 602");
    terminal.type("\x03");
    await terminal.sees("/ # ");
    terminal.type("exit 9\r");
    expect(await terminal.exited).toBe(9);
  });

  test("exec -it detaches, and the command goes on", async () => {
    await start("box", "busybox", "sleep", "600");
    using terminal = open("exec", "-it", "box", "sh", "-c", "echo ready; sleep 601");
    await terminal.sees("ready");
    terminal.type("\x10\x11");
    await terminal.exited;
    expect(await engine.docker(["top", "box"])).toContain("sleep 601");
  });

  test("start -ai, and logs of a terminal", async () => {
    await engine.docker([
      "create",
      "-it",
      "--name",
      "made",
      "busybox",
      "sh",
      "-c",
      "read line; echo got $line; exit 3",
    ]);
    using terminal = open("start", "-ai", "made");
    await until(async () => (await field("made", "{{.State.Running}}")) === "true", "it runs");
    terminal.type("typed\r");
    await terminal.sees("got typed");
    expect(await terminal.exited).toBe(3);
    expect(await engine.docker(["logs", "made"])).toBe("typed\r\ngot typed\r\n");
  });

  test("-t without a terminal is refused", async () => {
    const result = await engine.daemon[client](["run", "--rm", "-it", "busybox", "true"], { stdin: "" });
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining("the input device is not a TTY") });
  });
});
