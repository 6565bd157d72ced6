import { openSync, writeSync } from "node:fs";
import { EngineError, failpoint } from "#core";
import { FileDescriptor } from "#linux";
import { boundCreation } from "./creation-bound.ts";
import type { TaskPaths } from "./task-files.ts";
import { baseEnvironment, type OciRuntime } from "./oci-runtime.ts";

export interface MonitorRequest {
  readonly conmonPath: string;
  readonly runtime: OciRuntime;
  readonly id: string;
  readonly paths: TaskPaths;
  readonly exits: string;
  readonly logPath: string;
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly stdinOnce: boolean;
  /** The spec asks for a scope of systemd. */
  readonly systemdCgroup: boolean;
  readonly timeoutMs: number;
  /** Gives the creation up. */
  readonly abort?: AbortSignal;
}

/** A running conmon, as seen through its sync pipe: its end is conmon's end. */
export interface Monitor {
  /** Pid of the container's first process. */
  readonly pid: number;
  readonly monitorPid: number;
  /** Settles when conmon has ended, after it wrote the exit code, however it ended. */
  readonly ended: Promise<void>;
  /** Stops watching; conmon is left alone. */
  release(): void;
}

/** What conmon or the OCI runtime said when they could not create the container. */
export class MonitorError extends EngineError {
  constructor(message: string) {
    super("internal", message);
  }
}

/**
 * Starts conmon (8) in a session of its own, where it outlives this process; it runs the OCI runtime's `create` and reports over
 * the pipe of _OCI_SYNCPIPE: `{"data":<pid>}`, or a negative number and a message.
 * A creation that is given up or takes longer than `timeoutMs` is killed.
 * @throws MonitorError with the OCI runtime's text
 */
export async function startMonitor(request: MonitorRequest): Promise<Monitor> {
  const child = spawnMonitor(request);
  const pipe = child.stdio[3];
  if (typeof pipe !== "number") throw new EngineError("internal", "no sync pipe to conmon");
  const sync = await readSyncPipe(pipe);
  using bound = boundCreation(child.pid, request.timeoutMs, request.abort);
  const line = await sync.firstLine;
  if (line === undefined) {
    await child.exited;
    if (bound.fault !== undefined) throw new MonitorError(bound.fault);
    throw new MonitorError(await new Response(child.stderr).text());
  }
  const answer = JSON.parse(line) as { readonly data: number; readonly message?: string };
  if (answer.data <= 0) {
    // It still writes an exit file: only once it has ended can all it left be removed.
    await Promise.all([child.exited, sync.ended]);
    throw new MonitorError(bound.fault ?? answer.message ?? `conmon: ${line}`);
  }
  return { pid: answer.data, monitorPid: child.pid, ended: sync.ended, release: sync.release };
}

/** Its pid is where an engine that finds this task after our sudden death looks for it; the file is open before there is a process to lose. */
function spawnMonitor(request: MonitorRequest): Bun.Subprocess<"ignore", "ignore", "pipe"> {
  using file = new FileDescriptor(openSync(request.paths.monitorPid, "wx", 0o600));
  const child = Bun.spawn(monitorCommand(request), {
    // conmon leaves its `oom` file in the working directory.
    cwd: request.paths.directory,
    env: { ...baseEnvironment, _OCI_SYNCPIPE: "3" },
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    detached: true,
    lazy: true,
  });
  child.unref();
  failpoint("task.monitor");
  writeSync(file.fd, String(child.pid));
  return child;
}

function monitorCommand(request: MonitorRequest): string[] {
  const { id, paths, runtime } = request;
  const command = [request.conmonPath, "--api-version", "1", "-c", id, "-u", id, "-r", runtime.program()];
  command.push("-b", paths.directory, "-p", paths.pid, "--exit-dir", request.exits);
  command.push("-l", `k8s-file:${request.logPath}`, "--sync", "--full-attach", "--no-sync-log", "--log-level", "error");
  if (request.systemdCgroup) command.push("--runtime-arg", "--systemd-cgroup");
  if (request.tty) command.push("-t");
  if (request.openStdin) command.push("-i");
  // A terminal is one descriptor for input and output: it must stay.
  if (request.tty || (request.openStdin && !request.stdinOnce)) command.push("--leave-stdin-open");
  for (const argument of runtime.globalArgs) command.push("--runtime-arg", argument);
  return command;
}

interface SyncPipe {
  /** Undefined when the pipe ended before. */
  readonly firstLine: Promise<string | undefined>;
  readonly ended: Promise<void>;
  release(): void;
}

async function readSyncPipe(fd: number): Promise<SyncPipe> {
  const first = Promise.withResolvers<string | undefined>();
  const ended = Promise.withResolvers<void>();
  let text = "";
  const end = (): void => {
    first.resolve(undefined);
    ended.resolve();
  };
  const options: Bun.FdSocketOptions = {
    fd,
    socket: {
      data(_socket, chunk) {
        text += chunk.toString();
        const newline = text.indexOf("\n");
        if (newline >= 0) first.resolve(text.slice(0, newline));
      },
      end,
      close: end,
      error: end,
    },
  };
  // Bun takes a descriptor here; its published overloads name only hosts and paths.
  const socket = await Bun.connect(options as unknown as Bun.UnixSocketOptions);
  return { firstLine: first.promise, ended: ended.promise, release: () => socket.terminate() };
}
