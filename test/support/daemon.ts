import { createWriteStream } from "node:fs";
import { join, resolve } from "node:path";
import type { Subprocess } from "bun";
import type { Sandbox } from "./sandbox.ts";

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly stdin?: string | Uint8Array | Blob;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface DaemonOptions {
  /** The compiled program; by default LIGHTER_TEST_BINARY, and without that the source run by this Bun. */
  readonly binary?: string;
  readonly extraArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Until the API listens. */
  readonly timeoutMs?: number;
}

/** A running `lighter daemon`. Disposal stops it; its containers, which outlive it, end with the sandbox. */
export interface TestDaemon extends AsyncDisposable {
  readonly pid: number;
  /** Settles with the exit code, or 128 + signal. */
  readonly exited: Promise<number>;
  /** Everything it wrote so far. */
  log(): string;
  /** SIGTERM, then waits for the end. */
  stop(): Promise<number>;
  /** SIGKILL, then waits for the end. */
  kill9(): Promise<void>;
  /** The docker CLI of this machine, against this daemon. */
  docker(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Our own CLI, against this daemon. */
  lighter(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
}

const project = resolve(import.meta.dirname, "../..");

/** The words that start our program. */
export function lighterCommand(binary = process.env["LIGHTER_TEST_BINARY"]): readonly string[] {
  return binary === undefined || binary === "" ? [process.execPath, join(project, "src/main.ts")] : [binary];
}

/**
 * Starts a daemon in the sandbox and waits until its API listens.
 * @throws Error with its whole log when it ends before, or takes longer than `timeoutMs` (20 s)
 */
export async function startDaemon(box: Sandbox, options: DaemonOptions = {}): Promise<TestDaemon> {
  const program = lighterCommand(options.binary);
  const child = Bun.spawn([...program, "daemon", ...daemonFlags(box), ...(options.extraArgs ?? [])], {
    cwd: box.root,
    env: { PATH: process.env["PATH"] ?? "", HOME: box.root, ...options.env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const log = collect(child, join(box.root, "daemon.log"));
  await ready(child, log, box.socket, options.timeoutMs ?? 20_000);
  const signal = async (name: NodeJS.Signals): Promise<number> => {
    child.kill(name);
    const code = await child.exited;
    await log.ended;
    return code;
  };
  const env = { DOCKER_HOST: box.host, DOCKER_CONFIG: join(box.root, "docker"), DOCKER_BUILDKIT: "0" };
  return {
    pid: child.pid,
    exited: child.exited,
    log: log.text,
    stop: () => signal("SIGTERM"),
    kill9: async () => void (await signal("SIGKILL")),
    docker: (args, command) => run(["docker", ...args], env, command),
    lighter: (args, command) => run([...program, ...args], env, command),
    [Symbol.asyncDispose]: async () => void (await signal("SIGTERM")),
  };
}

function daemonFlags(box: Sandbox): readonly string[] {
  const flags = {
    "--data-root": box.dataRoot,
    "--exec-root": box.execRoot,
    "--pidfile": box.pidfile,
    "--host": box.host,
    "--bridge": box.bridge,
    "--bip": box.bip,
    "--log-level": "debug",
  };
  return Object.entries(flags).flat();
}

interface LogCollector {
  readonly text: () => string;
  /** Settles when the daemon has closed its stderr. */
  readonly ended: Promise<void>;
  /** Settles when a line contains these words. */
  waitFor(words: string): Promise<void>;
}

type PipedChild = Subprocess<"ignore", "ignore", "pipe">;

function collect(child: PipedChild, file: string): LogCollector {
  let text = "";
  const waiting = new Map<string, () => void>();
  const notify = (): void => {
    for (const [words, resolveWait] of waiting) if (text.includes(words)) resolveWait();
  };
  const sink = createWriteStream(file, { flags: "a" });
  const pump = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) {
      text += decoder.decode(chunk, { stream: true });
      sink.write(chunk);
      notify();
    }
    await new Promise<void>((done) => sink.end(done));
  };
  return {
    text: () => text,
    ended: pump(),
    waitFor: (words) =>
      new Promise((done) => {
        waiting.set(words, done);
        notify();
      }),
  };
}

async function ready(child: PipedChild, log: LogCollector, socket: string, timeoutMs: number): Promise<void> {
  const timer = Promise.withResolvers<"late">();
  const timeout = setTimeout(() => timer.resolve("late"), timeoutMs);
  const listening = log.waitFor(`API listen on ${socket}`).then(() => "ready" as const);
  const outcome = await Promise.race([listening, child.exited.then(() => "ended" as const), timer.promise]);
  clearTimeout(timeout);
  if (outcome === "ready") return;
  child.kill("SIGKILL");
  await child.exited;
  await log.ended;
  const reason =
    outcome === "late" ? `is not ready after ${timeoutMs} ms` : `ended with ${child.exitCode ?? child.signalCode}`;
  throw new Error(`lighter daemon ${reason}\n${log.text()}`);
}

async function run(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  { stdin, env: extra, cwd }: CommandOptions = {},
): Promise<CommandResult> {
  const child = Bun.spawn([...command], {
    env: { PATH: process.env["PATH"] ?? "", ...env, ...extra },
    ...(cwd !== undefined && { cwd }),
    stdin: stdin === undefined ? "ignore" : stdin instanceof Blob ? stdin : new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}
