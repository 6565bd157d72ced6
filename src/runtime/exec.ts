import { rmSync, writeFileSync } from "node:fs";
import { kill, readProcessStat } from "#linux";
import { terminalTail } from "./terminal-tail.ts";
import { failpoint } from "#core";
import type { OciProcess } from "#spec";
import type { ExecTask, ExecTaskRequest, StdinSink } from "./contract.ts";
import { ExecOutput } from "./exec-output.ts";
import { baseEnvironment, type OciRuntime } from "./oci-runtime.ts";
import { execError } from "./runtime-errors.ts";
import { encodeOci, readText, type TaskPaths } from "./task-files.ts";

/** Files of one exec in the task's directory. */
interface ExecFiles {
  readonly process: string;
  readonly pid: string;
  /** The runtime's own errors, apart from the process's stderr. */
  readonly log: string;
}

interface ExecChild {
  readonly process: Bun.Subprocess;
  readonly output: ExecOutput;
  readonly stdin: StdinSink | undefined;
  resize(size: { readonly height: number; readonly width: number }): void;
}

let execCount = 0;

/**
 * Runs a process in a task with the runtime's `exec`, as a child of the engine in its own session.
 * Resolves once it runs.
 * @throws EngineError with Docker's text when it could not be started
 */
export async function execInTask(runtime: OciRuntime, paths: TaskPaths, request: ExecTaskRequest): Promise<ExecTask> {
  const name = `${paths.directory}/exec-${process.pid}-${++execCount}`;
  const files = { process: `${name}.json`, pid: `${name}.pid`, log: `${name}.log` };
  writeFileSync(files.process, encodeOci(processOf(request, runtime)), { mode: 0o600 });
  const child = spawnRecorded(runtime, files, request);
  const started = startedPid(child.process, files);
  if (request.abort) killOnAbort(request.abort, child.process, files.pid);
  const exited = finishExec(child, files, started, request.tty && runtime.kind === "crun");
  const pid = await decided(child, started, exited);
  if (pid === undefined) {
    child.output.discard();
    const { log } = await exited;
    throw execError(log, request.process.args[0]);
  }
  // One after the other: the last size must win.
  let resized = Promise.resolve();
  return {
    pid,
    output: child.output,
    discardOutput: () => child.output.discard(),
    stdin: child.stdin,
    exited: exited.then(({ exitCode }) => exitCode),
    resize: (size) => {
      child.resize(size);
      if (request.tty && runtime.kind === "crun") resized = resized.then(() => resizeInner(pid, size));
    },
  };
}

/**
 * The runtime itself is left, so that it ends when the process has. Before there is a process it is all there is to kill; it
 * may wait for a frozen cgroup.
 */
function killOnAbort(abort: AbortSignal, child: Bun.Subprocess, pidFile: string): void {
  const end = (): void => {
    const pid = readPidFile(pidFile);
    if (pid === undefined) child.kill("SIGKILL");
    else killGroup(pid, child.pid);
  };
  abort.addEventListener("abort", end, { once: true });
  void child.exited.then(() => abort.removeEventListener("abort", end));
  if (abort.aborted) end();
}

/** Both runtimes give the process a session of its own; under crun an intermediate process, gone by now, leads it. */
function killGroup(pid: number, runtimePid: number): void {
  const group = readProcessStat(pid)?.processGroup ?? 0;
  // 0 would be our own group, and 1 every process of the host.
  if (group > 1 && group !== runtimePid && group !== process.pid) kill(-group, 9);
  kill(pid, 9);
}

function readPidFile(path: string): number | undefined {
  const pid = Number.parseInt(readText(path) ?? "", 10);
  return pid > 0 ? pid : undefined;
}

function spawnRecorded(runtime: OciRuntime, files: ExecFiles, request: ExecTaskRequest): ExecChild {
  try {
    failpoint("exec.files");
    return spawnExec(runtime, files, request);
  } catch (error) {
    removeFiles(files);
    throw error;
  }
}

/** The pid, or undefined when it could not be started. What failed while that was found out leaves no process. */
async function decided(
  child: ExecChild,
  started: Promise<number | undefined>,
  exited: Promise<unknown>,
): Promise<number | undefined> {
  try {
    failpoint("exec.spawned");
    const pid = await started;
    if (pid !== undefined) failpoint("exec.running");
    return pid;
  } catch (error) {
    child.output.discard();
    child.process.kill("SIGKILL");
    const pid = await started.catch(() => undefined);
    if (pid !== undefined) kill(pid, 9);
    await exited.catch(() => undefined);
    throw error;
  }
}

/**
 * With a terminal runc has its first size from the spec, and copies that of its own only after the process has begun; crun
 * copies it before, unless the spec has one.
 */
function processOf({ process, tty }: ExecTaskRequest, runtime: OciRuntime): OciProcess {
  const { consoleSize: _size, ...rest } = process;
  const consoleSize = tty && runtime.kind !== "crun" ? { consoleSize: terminalSize(process) } : {};
  return { ...rest, terminal: tty, ...consoleSize };
}

function terminalSize({ consoleSize }: OciProcess): { readonly height: number; readonly width: number } {
  return { height: consoleSize?.height || 24, width: consoleSize?.width || 80 };
}

function spawnExec(runtime: OciRuntime, files: ExecFiles, request: ExecTaskRequest): ExecChild {
  const command = [runtime.program(), ...runtime.globalArgs, "--log", files.log, "--log-format", "json"];
  command.push("exec", "--process", files.process, "--pid-file", files.pid, request.id);
  return request.tty ? spawnOnTerminal(command, request) : spawnOnPipes(command, request);
}

function spawnOnPipes(command: readonly string[], request: ExecTaskRequest): ExecChild {
  const output = new ExecOutput();
  const out = request.detached ? "ignore" : "pipe";
  const child = Bun.spawn([...command], {
    env: baseEnvironment,
    stdio: [request.stdin && !request.detached ? "pipe" : "ignore", out, out],
    detached: true,
  });
  if (child.stdout !== undefined && child.stderr !== undefined) {
    output.pump("stdout", child.stdout);
    output.pump("stderr", child.stderr);
  } else output.end();
  const stdin = child.stdin === undefined ? undefined : stdinOf(child.stdin);
  return { process: child, output, stdin, resize: () => undefined };
}

function stdinOf(sink: Bun.FileSink): StdinSink {
  return {
    write: async (chunk) => {
      await sink.write(chunk);
      await sink.flush();
    },
    end: () => void sink.end(),
  };
}

/**
 * The runtime copies between this terminal and one it makes inside the container, and passes on the size. Raw from the
 * start: what is typed before the runtime is ready must reach the inner terminal as it is.
 */
function spawnOnTerminal(command: readonly string[], request: ExecTaskRequest): ExecChild {
  const output = new ExecOutput();
  const size = terminalSize(request.process);
  const terminal = new Bun.Terminal({
    cols: size.width,
    rows: size.height,
    data: (_terminal, data) => output.push("stdout", data),
    exit: () => output.end(),
  });
  terminal.setRawMode(true);
  if (request.detached) output.discard();
  const child = Bun.spawn([...command], { env: baseEnvironment, terminal });
  const stdin: StdinSink = {
    write: async (chunk) => void terminal.write(chunk),
    end: () => undefined,
  };
  void child.exited.then(async () => {
    await output.drain();
    terminal.close();
  });
  const resize = ({ height, width }: { readonly height: number; readonly width: number }): void => {
    if (terminal.closed) return;
    terminal.resize(width, height);
    // The terminal controls no session, so the kernel tells nobody.
    child.kill("SIGWINCH");
  };
  return { process: child, output, stdin, resize };
}

/**
 * crun passes SIGWINCH on but not the size (seen with 1.8.1), so the process's own terminal is set, too.
 * The name is the kernel's link to it: whatever the process has put there instead is at most refused.
 */
async function resizeInner(pid: number, size: { readonly height: number; readonly width: number }): Promise<void> {
  const command = ["stty", "-F", `/proc/${pid}/fd/0`, "rows", String(size.height), "cols", String(size.width)];
  try {
    await Bun.spawn(command, { env: baseEnvironment, stdio: ["ignore", "ignore", "ignore"] }).exited;
  } catch (error) {
    // Without stty (1) the size is what crun passes on.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** The pid in the host's namespace; undefined when the process could not be started. */
async function startedPid(child: Bun.Subprocess, files: ExecFiles): Promise<number | undefined> {
  let exited = false;
  void child.exited.then(() => (exited = true));
  for (let waitMs = 1; ; waitMs = nextWait(waitMs)) {
    const ended = exited;
    const pid = readPidFile(files.pid);
    if (pid !== undefined) return pid;
    if (ended) return undefined;
    await Promise.race([child.exited, Bun.sleep(waitMs)]);
  }
}

/** Quick while a start takes what starts take; slow for one that hangs. */
function nextWait(waitMs: number): number {
  return waitMs < 10 ? waitMs + 1 : Math.min(waitMs * 1.1, 500);
}

/** Settles with the process; its files go once the start was decided, too. */
async function finishExec(
  child: ExecChild,
  files: ExecFiles,
  started: Promise<number | undefined>,
  logHoldsTail: boolean,
): Promise<{ readonly exitCode: number; readonly log: string }> {
  const code = await child.process.exited;
  void child.output.drain();
  const pid = await started;
  const log = code === 0 && !logHoldsTail ? "" : (readText(files.log) ?? "");
  if (pid !== undefined && logHoldsTail) child.output.appendAtEnd("stdout", terminalTail(log));
  removeFiles(files);
  // The kernel refused the program after the runtime had let go of it.
  return { exitCode: /exec format error/i.test(log) ? 126 : code, log };
}

function removeFiles(files: ExecFiles): void {
  for (const path of [files.process, files.pid, files.log]) rmSync(path, { force: true });
}
