import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { startDaemon } from "../support/daemon.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { until } from "../support/until.ts";

/** Logs on the real kernel: bounded, whole over rotations and the daemon's death, and sent by every driver. */
describe.skipIf(process.getuid?.() !== 0)("logs", () => {
  let engine: TestEngine;
  let daemon: TestEngine["daemon"];
  const restarted: (typeof daemon)[] = [];

  beforeAll(async () => {
    engine = await openTestEngine();
    daemon = engine.daemon;
  }, 60_000);
  afterAll(async () => {
    for (const later of restarted) await later.kill9();
    await engine?.[Symbol.asyncDispose]();
  });

  async function docker(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await daemon.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: exit ${code}: ${stderr}${stdout}`);
    return stdout;
  }
  const field = async (name: string, format: string): Promise<string> =>
    (await docker("inspect", "-f", format, name)).trim();
  const files = async (name: string): Promise<{ name: string; bytes: number }[]> => {
    const directory = join(engine.box.dataRoot, "containers", await field(name, "{{.Id}}"));
    return readdirSync(directory).map((file) => ({
      name: file,
      bytes: statSync(join(directory, file), { throwIfNoEntry: false })?.size ?? 0,
    }));
  };
  const counter = (to: number): string => `i=0; while [ $i -lt ${to} ]; do i=$((i+1)); echo $i; done`;
  const upTo = (count: number): string => Array.from({ length: count }, (_, at) => `${at + 1}\n`).join("");
  async function kill9AndRestart(): Promise<void> {
    await daemon.kill9();
    daemon = await startDaemon(engine.box);
    restarted.push(daemon);
  }

  test("a flood stays bounded, and its end is there", async () => {
    const options = ["--log-opt", "max-size=1m", "--log-opt", "max-file=3"];
    await docker("run", "-d", "--name", "flood", ...options, "busybox", "yes");
    const segments = async (): Promise<number> =>
      Math.max(0, ...(await files("flood")).map(({ name }) => Number(/log\.(\d+)/.exec(name)?.[1] ?? 0)));
    await until(async () => (await segments()) > 12, "a dozen rotations", 60_000);
    const kept = (await files("flood")).filter(({ name }) => name.startsWith("container.log"));
    expect(kept.length).toBeLessThanOrEqual(4);
    await docker("kill", "flood");
    expect(await docker("logs", "--tail", "3", "flood")).toBe("y\ny\ny\n");
    await docker("rm", "flood");
  }, 90_000);

  test("attached and following clients see every line across rotations", async () => {
    const options = ["--log-opt", "max-size=200k", "--log-opt", "max-file=30"];
    const attached = daemon.docker(["run", "--name", "rotating", ...options, "busybox", "seq", "200000"]);
    expect((await attached).stdout).toBe(upTo(200_000));
    await docker("run", "-d", "--name", "slow", ...options, "busybox", "sh", "-c", counter(30_000));
    expect(await docker("logs", "-f", "slow")).toBe(upTo(30_000));
    expect((await files("slow")).some(({ name }) => /log\.\d/.test(name))).toBe(true);
  }, 60_000);

  test("a client that reads slowly gets the whole output of a container that is gone by then", async () => {
    const options = ["--log-opt", "max-size=500k", "--log-opt", "max-file=2"];
    const gate = join(engine.box.root, "gate");
    Bun.spawnSync(["mkfifo", gate]);
    const run = `docker run --rm --name hasty ${options.join(" ")} busybox seq 1000000`;
    const env = { PATH: process.env["PATH"] ?? "", DOCKER_HOST: engine.box.host };
    const client = Bun.spawn(["bash", "-c", `${run} | { read -r <${gate}; cat; }`], { env, stderr: "inherit" });
    const ids = (): Promise<string> => docker("ps", "-aq", "--no-trunc", "--filter", "name=hasty");
    await until(async () => (await ids()) !== "", "it runs");
    const id = (await ids()).trim();
    await until(
      async () => (await ids()) === "" && !existsSync(join(engine.box.dataRoot, "containers", id)),
      "it is removed",
    );
    await Bun.write(gate, "go\n");
    expect(await client.stdout.text()).toBe(upTo(1_000_000));
    expect(await client.exited).toBe(0);
  }, 60_000);

  test("no line is lost or doubled over deaths of the daemon, rotations under way", async () => {
    const spool = ["--log-opt", "max-size=1m", "--log-opt", "max-file=100"];
    const json = ["--log-driver", "json-file", "--log-opt", "max-size=300k", "--log-opt", "max-file=500"];
    const script = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); echo $i; done; printf end";
    for (const [name, options] of [
      ["kept", spool],
      ["shipped", json],
    ] as const)
      await docker("run", "-d", "--name", name, ...options, "busybox", "sh", "-c", script);
    for (let death = 0; death < 4; death++) {
      const before = (await files("kept")).length;
      await kill9AndRestart();
      await until(
        async () => (await files("kept")).length > before || (await field("kept", "{{.State.Running}}")) === "false",
        "more was written",
        60_000,
      );
    }
    await docker("wait", "kept", "shipped");
    const expected = `${upTo(400_000)}end`;
    expect(await docker("logs", "kept")).toBe(expected);
    expect(await docker("logs", "shipped")).toBe(expected);
    const path = await field("shipped", "{{.LogPath}}");
    expect(path).toBe(
      join(
        engine.box.dataRoot,
        "containers",
        await field("shipped", "{{.Id}}"),
        `${await field("shipped", "{{.Id}}")}-json.log`,
      ),
    );
    await until(() => jsonLines(path).at(-1) === "end", "all is written to the file");
    expect(jsonLines(path).join("")).toBe(expected);
  }, 120_000);

  test.each(["before", "after"] as const)(
    "a daemon that died %s it told the monitor of a rotation leaves it to the next",
    async (moment) => {
      const name = `cut-${moment}`;
      const script = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo $i; usleep 500; done";
      await docker("run", "-d", "--name", name, "busybox", "sh", "-c", script);
      const id = await field(name, "{{.Id}}");
      const log = join(engine.box.dataRoot, "containers", id, "container.log");
      const task = join(engine.box.execRoot, "tasks", id);
      await until(() => statSync(log).size > 0, "it writes");
      await daemon.kill9();
      const monitor = Number(readFileSync(join(task, "conmon.pid"), "utf8"));
      if (moment === "after") process.kill(monitor, "SIGSTOP");
      renameSync(log, `${log}.1`);
      if (moment === "after") appendFileSync(join(task, "ctl"), "2 0 0\n");
      daemon = await startDaemon(engine.box);
      restarted.push(daemon);
      if (moment === "after") process.kill(monitor, "SIGCONT");
      await until(() => existsSync(log), "the monitor opens its log anew");
      expect(await docker("logs", "-f", name)).toBe(upTo(3000));
      expect(await docker("logs", "--tail", "2", name)).toBe("2999\n3000\n");
    },
    60_000,
  );

  /** `log` of each line of a JSON file and those it was rotated to. */
  function jsonLines(path: string): string[] {
    const numbers = readdirSync(dirname(path)).flatMap((name) => /json\.log\.(\d+)$/.exec(name)?.[1] ?? []);
    const ordered = numbers.map(Number).toSorted((a, b) => b - a);
    const texts = [...ordered.map((number) => `${path}.${number}`), path].map((file) => readFileSync(file, "utf8"));
    const lines = texts.join("").split("\n").slice(0, -1);
    return lines.map((line) => (JSON.parse(line) as { log: string }).log);
  }

  test("json-file: attributes in its lines and in --details, rotation as asked", async () => {
    const options = ["--log-driver", "json-file", "--log-opt", "max-size=2k", "--log-opt", "max-file=3"];
    const details = [
      "-l",
      "a=b",
      "-e",
      "X=y z",
      "--log-opt",
      "labels=a",
      "--log-opt",
      "env=X",
      "--log-opt",
      "tag={{.Name}}",
    ];
    await docker("run", "--name", "detailed", ...options, ...details, "busybox", "seq", "200");
    expect(await docker("logs", "--details", "--tail", "1", "detailed")).toBe("X=y+z,a=b,tag=detailed 200\n");
    const path = await field("detailed", "{{.LogPath}}");
    await until(() => readFileSync(path, "utf8").includes('{"log":"200\\n"'), "the last line is written");
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
      stream: "stdout",
      attrs: { X: "y z", a: "b", tag: "detailed" },
    });
    expect(existsSync(`${path}.2`) && !existsSync(`${path}.3`)).toBe(true);
    for (const file of [path, `${path}.1`, `${path}.2`]) expect(statSync(file).size).toBeLessThan(2048 + 200);
  });

  test("none: attach sees it, logs does not", async () => {
    expect(await docker("run", "--name", "none", "--log-driver", "none", "busybox", "seq", "50000")).toBe(upTo(50_000));
    const { code, stderr } = await daemon.docker(["logs", "none"]);
    expect([code, stderr.trim()]).toEqual([
      1,
      "Error response from daemon: configured logging driver does not support reading",
    ]);
    await until(
      async () => (await files("none")).reduce((sum, { bytes }) => sum + bytes, 0) < 10_000,
      "the spool is let go",
    );
  }, 30_000);

  test("fluentd and syslog are sent all, --rm or not, and a start that cannot reach them fails in Docker's words", async () => {
    const received: Buffer[] = [];
    const server = createServer((socket) => void socket.on("data", (bytes: Buffer) => received.push(bytes)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const at = `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    const fluentd = ["--log-driver", "fluentd", "--log-opt", `fluentd-address=${at}`];
    const syslog = ["--log-driver", "syslog", "--log-opt", `syslog-address=tcp://${at}`];
    expect(await docker("run", "--rm", ...fluentd, "busybox", "echo", "to fluentd")).toBe("to fluentd\n");
    await docker("run", "--name", "sys", ...syslog, "busybox", "echo", "to syslog");
    const all = (): string => Buffer.concat(received).toString();
    await until(() => all().includes("to fluentd") && all().includes("]: to syslog\n"), "both arrive");
    expect(await docker("logs", "sys")).toBe("to syslog\n");
    server.close();
    const failed = await daemon.docker(["run", "--name", "refused", ...fluentd, "busybox", "true"]);
    expect([failed.code, failed.stderr]).toEqual([
      125,
      expect.stringContaining(
        `failed to create task for container: failed to initialize logging driver: dial tcp ${at}: connect: connection refused`,
      ),
    ]);
    expect(await field("refused", "{{.State.Status}} {{.State.ExitCode}}")).toBe("created 128");
  }, 30_000);

  test("a log server gets every line over deaths of the daemon and of itself", async () => {
    const path = join(engine.box.root, "fluent.sock");
    const received: Buffer[] = [];
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("data", (bytes: Buffer) => {
        received.push(bytes);
        // {"ack": the message's chunk}, in MessagePack.
        const chunk = /chunk\xb8(.{24})/s.exec(bytes.toString("latin1"))?.[1];
        if (chunk !== undefined) socket.write(Buffer.from(`\x81\xa3ack\xb8${chunk}`, "latin1"));
      });
    });
    const listen = (): Promise<void> => new Promise((resolve) => void server.listen(path, resolve));
    const close = async (): Promise<void> => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    };
    const lines = (): number[] => {
      const found = Buffer.concat(received)
        .toString("latin1")
        .matchAll(/<(\d+)>/g);
      return [...found].map(([, number]) => Number(number));
    };
    await listen();
    const options = [
      "--log-driver",
      "fluentd",
      "--log-opt",
      `fluentd-address=unix://${path}`,
      "--log-opt",
      "fluentd-request-ack=true",
    ];
    const script = 'i=0; while [ $i -lt 4000 ]; do i=$((i+1)); echo "<$i>"; usleep 300; done';
    await docker("run", "-d", "--name", "sent", ...options, "busybox", "sh", "-c", script);
    for (const outage of ["daemon", "server"] as const) {
      const before = lines().length;
      await until(() => lines().length > before + 200, "some arrive");
      if (outage === "daemon") await kill9AndRestart();
      else {
        await close();
        await listen();
      }
    }
    await until(() => lines().at(-1) === 4000, "all arrive", 40_000);
    await close();
    // What was under way when one of them died comes again; nothing is missing, and each new line is the next one.
    let last = 0;
    for (const line of lines()) {
      expect(line).toBeLessThanOrEqual(last + 1);
      last = Math.max(last, line);
    }
    expect(last).toBe(4000);
  }, 90_000);

  test("the daemon's own defaults", async () => {
    await daemon.stop();
    daemon = await startDaemon(engine.box, {
      extraArgs: ["--log-driver", "json-file", "--log-opt", "max-size=5m", "--log-opt", "max-file=2"],
    });
    restarted.push(daemon);
    expect((await docker("info", "-f", "{{.LoggingDriver}} {{.Plugins.Log}}")).trim()).toBe(
      "json-file [fluentd journald json-file local syslog]",
    );
    await docker("create", "--name", "default", "busybox");
    await docker("create", "--name", "other", "--log-driver", "local", "busybox");
    await docker("create", "--name", "own", "--log-opt", "max-size=1m", "busybox");
    const shown = (name: string): Promise<string> => field(name, "{{json .HostConfig.LogConfig}}");
    expect(await shown("default")).toBe('{"Type":"json-file","Config":{"max-file":"2","max-size":"5m"}}');
    expect(await shown("other")).toBe('{"Type":"local","Config":{}}');
    expect(await shown("own")).toBe('{"Type":"json-file","Config":{"max-file":"2","max-size":"1m"}}');
  });
});
