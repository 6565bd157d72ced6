import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { lighterCommand } from "../support/daemon.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { openTerminal, type TerminalSession } from "../support/terminal.ts";
import { until } from "../support/until.ts";

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** How sessions end, what becomes of signals, and that the terminal is given back as it was. */
describe.skipIf(process.getuid?.() !== 0).each(["docker", "lighter"] as const)(
  "ends at a terminal with %s",
  (client) => {
    let engine: TestEngine;
    beforeAll(async () => {
      engine = await openTestEngine();
    });
    afterAll(async () => engine?.[Symbol.asyncDispose]());
    afterEach(async () => {
      const ids = (await engine.docker(["ps", "-aq"])).split("\n").filter((id) => id !== "");
      if (ids.length > 0) await engine.docker(["rm", "-f", ...ids]);
    });

    const program = client === "docker" ? ["docker"] : lighterCommand();
    const env = (): Record<string, string> => ({
      DOCKER_HOST: engine.box.host,
      DOCKER_CONFIG: join(engine.box.root, "docker"),
    });
    const open = (...args: string[]): TerminalSession => openTerminal([...program, ...args], env());
    /** In a shell that shows the terminal's modes when the client has ended. */
    const openInShell = (...args: string[]): TerminalSession => {
      const line = [...program, ...args].map(quoted).join(" ");
      return openTerminal(["sh", "-c", `${line}; echo "ended $?"; stty -a | tr ' ;' '\\n\\n'; echo told`], env());
    };
    const isCooked = async (terminal: TerminalSession, code: number): Promise<void> => {
      await terminal.sees(`ended ${code}`);
      await terminal.sees("told");
      const modes = terminal.screen().slice(terminal.screen().lastIndexOf("ended")).split(/\s+/);
      for (const mode of ["icanon", "echo", "isig", "opost", "onlcr", "icrnl"]) expect(modes).toContain(mode);
    };
    const running = async (name: string): Promise<boolean> =>
      (await engine.daemon.docker(["inspect", "-f", "{{.State.Running}}", name])).stdout === "true\n";
    const script = "trap 'exit 42' USR1; echo ready; while :; do sleep 1000 & wait; done";

    test("Ctrl-C of a run without -t is the container's: 130", async () => {
      using terminal = open("run", "--name", "cc", "--init", "busybox", "sh", "-c", "echo ready; sleep 1000");
      await terminal.sees("ready");
      terminal.type("\x03");
      expect(await terminal.exited).toBe(130);
      expect(await running("cc")).toBe(false);
    });

    // Docker's client stays where nothing takes its signals.
    const ours = client === "lighter" ? test : undefined;
    ours?.("with --sig-proxy=false Ctrl-C ends the client alone", async () => {
      using terminal = open("run", "--sig-proxy=false", "--name", "cc", "busybox", "sh", "-c", script);
      await terminal.sees("ready");
      terminal.type("\x03");
      await terminal.exited;
      expect(await running("cc")).toBe(true);
      using attached = open("attach", "--sig-proxy=false", "cc");
      await Bun.sleep(100);
      attached.type("\x03");
      await attached.exited;
      expect(await running("cc")).toBe(true);
    });

    test.each([
      ["run", "TERM", 143],
      ["run", "USR1", 42],
      ["attach", "USR1", 42],
      ["start -a", "HUP", 129],
    ] as const)("%s passes SIG%s on: %i", async (how, signal, code) => {
      const create = ["--name", "cc", "--init", "busybox", "sh", "-c", script];
      if (how === "attach") await engine.docker(["run", "-d", ...create]);
      if (how === "start -a") await engine.docker(["create", ...create]);
      const args = how === "run" ? ["run", ...create] : [...how.split(" "), "cc"];
      const child = Bun.spawn([...program, ...args], {
        env: { PATH: process.env["PATH"] ?? "", ...env() },
        stdio: ["ignore", "pipe", "ignore"],
      });
      await until(async () => (await engine.daemon.docker(["logs", "cc"])).stdout.includes("ready"), "it is ready");
      // An attach says nothing when it stands.
      if (how === "attach") await Bun.sleep(200);
      child.kill(`SIG${signal}`);
      expect(await child.exited).toBe(code);
    });

    test("the terminal is as it was after an exit, a kill, a detach and a start that failed", async () => {
      using left = openInShell("run", "-it", "busybox", "sh");
      await left.sees("/ # ");
      left.type("exit 7\r");
      await isCooked(left, 7);

      using killed = openInShell("run", "-it", "--name", "kk", "busybox", "sh");
      await killed.sees("/ # ");
      await engine.docker(["kill", "kk"]);
      await isCooked(killed, 137);

      using detached = openInShell("run", "-it", "--name", "dd", "busybox", "sh");
      await detached.sees("/ # ");
      detached.type("\x10\x11");
      await isCooked(detached, 0);
      await engine.docker(["rm", "-f", "dd"]);

      using failed = openInShell("run", "-it", "busybox", "nosuch");
      await isCooked(failed, 127);

      await engine.docker(["run", "-d", "--name", "ee", "busybox", "sleep", "1000"]);
      using execed = openInShell("exec", "-it", "ee", "sh");
      await execed.sees("/ # ");
      await engine.docker(["kill", "ee"]);
      await isCooked(execed, 137);
    });

    test("exec -it and attach detach by keys of one's own", async () => {
      await engine.docker(["run", "-dit", "--name", "cc", "busybox", "sh"]);
      using execed = openInShell("exec", "-it", "--detach-keys", "ctrl-a,d", "cc", "sh");
      await execed.sees("/ # ");
      execed.type("\x01d");
      await isCooked(execed, client === "docker" ? 1 : 0);
      using attached = openInShell("attach", "--detach-keys", "x", "cc");
      attached.type("\r");
      await attached.sees("/ # ");
      attached.type("x");
      await isCooked(attached, client === "docker" ? 1 : 0);
      expect(await running("cc")).toBe(true);
    });

    ours?.("SIGTERM at the client gives the terminal back", async () => {
      using terminal = openInShell("run", "-it", "--name", "cc", "busybox", "sh");
      await terminal.sees("/ # ");
      const [pid] = Bun.spawnSync(["pgrep", "-f", `run -it --name cc busybox sh$`])
        .stdout.toString()
        .trim()
        .split("\n")
        .reverse();
      process.kill(Number(pid), "SIGTERM");
      await terminal.sees("ended ");
      await terminal.sees("told");
      expect(terminal.screen().slice(terminal.screen().lastIndexOf("ended")).split(/\s+/)).toContain("icanon");
    });
  },
);
