import type { ContainerId } from "#core";
import type { ContainerReading, OciProcess, OciSpec } from "#spec";
import type { LimitChange } from "./limits/writes.ts";
import type { LogPosition } from "./log-chain.ts";
import type { PinStrength } from "./log-watch.ts";

export interface TaskRequest {
  readonly id: ContainerId;
  readonly spec: OciSpec;
  /** Runtime name as registered (`crun`, `runc`, …); empty means the default. */
  readonly runtime: string;
  readonly logPath: string;
  readonly tty: boolean;
  readonly openStdin: boolean;
  /** Close the container's stdin when the first attached stdin ends (Docker's StdinOnce). */
  readonly stdinOnce: boolean;
  /** Gives the creation up: what hangs in it is killed. */
  readonly abort?: AbortSignal;
}

export interface TaskHandle {
  readonly id: ContainerId;
  /** In the host's pid namespace. */
  readonly pid: number;
  readonly monitorPid: number;
}

export interface TaskExit {
  readonly id: ContainerId;
  readonly exitCode: number;
  /** Nanoseconds since the epoch. */
  readonly exitedAtNs: bigint;
  readonly oomKilled: boolean;
}

export type TaskStatus =
  | { readonly kind: "created" | "running" | "paused"; readonly pid: number; readonly monitorPid: number }
  | { readonly kind: "exited"; readonly exit: TaskExit }
  | { readonly kind: "absent" };

export interface StdinSink {
  write(chunk: Uint8Array): Promise<void>;
  /** Half-close. */
  end(): void;
}

export interface ExecTaskRequest {
  readonly id: ContainerId;
  readonly process: OciProcess;
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly detached: boolean;
  /** Kills the process with those it has made in its group, or the attempt to start it. */
  readonly abort?: AbortSignal;
}

/** A process run beside the container's own. */
export interface ExecTask {
  readonly pid: number;
  /** With a tty all output is stdout. Ends when the process has ended and its output is drained. */
  readonly output: AsyncIterable<{ readonly stream: "stdout" | "stderr"; readonly data: Uint8Array }>;
  /** Nobody reads the output from here on: it is thrown away, so that the process never waits for a reader. */
  discardOutput(): void;
  readonly stdin: StdinSink | undefined;
  readonly exited: Promise<number>;
  resize(size: { readonly height: number; readonly width: number }): void;
}

export interface LogRecord {
  readonly stream: "stdout" | "stderr";
  /** Nanoseconds since the epoch. */
  readonly timeNs: bigint;
  /** One line with its newline, or a last part without; never re-encoded. */
  readonly data: Uint8Array;
  /** True when the line goes on in the next record. */
  readonly partial: boolean;
}

export interface LogReadOptions {
  /** Begin here; by default at the start of what there is. */
  readonly from?: LogPosition;
  readonly tail?: number;
  readonly sinceNs?: bigint;
  readonly untilNs?: bigint;
  /** Go on until the signal aborts or `ended` settles and all was read. */
  readonly follow?: { readonly ended: Promise<unknown> };
  /** How firmly what this reader has not read yet is kept beyond the log's bounds; softly by default. */
  readonly pin?: PinStrength;
}

export interface ReadingOptions {
  readonly ownNetwork: boolean;
  /** No limit of memory is told to be above this. */
  readonly hostMemoryBytes: number;
}

export interface Runtime extends AsyncDisposable {
  readonly defaultRuntime: string;
  /** Registered runtimes and what they are, for `info`. */
  readonly runtimes: ReadonlyMap<
    string,
    { readonly path: string; readonly version: string; readonly runtimeArgs: readonly string[] | undefined }
  >;
  readonly monitorVersion: string;
  /** Compiled seccomp filter is handed over precompiled (crun only). */
  readonly precompiledSeccomp: boolean;
  /**
   * Writes the bundle and brings the task to "created". Undone whole on failure.
   * @throws EngineError with the OCI runtime's text, as Docker wraps it
   */
  create(request: TaskRequest): Promise<TaskHandle>;
  start(id: ContainerId): Promise<void>;
  /** SIGKILL also reaches a frozen container: it is thawed. @throws EngineError `conflict` when it does not run */
  signal(id: ContainerId, signal: number): void;
  pause(id: ContainerId): Promise<void>;
  resume(id: ContainerId): Promise<void>;
  /**
   * Calls once when the kernel has killed a process of the task for want of memory; at once if it has already. Ends with
   * the task, whose exit tells it too.
   */
  watchOom(id: ContainerId, told: () => void): void;
  /**
   * What a task uses now: a few small files, no process. Undefined when its cgroup is gone.
   * @param ownNetwork whether it has interfaces of its own
   */
  read(id: ContainerId, options: ReadingOptions): ContainerReading | undefined;
  /**
   * Changes limits of a task that runs; what is absent stays. All or nothing.
   * @throws EngineError `not_found`, `internal` when the kernel refuses
   */
  limit(id: ContainerId, change: LimitChange): Promise<void>;
  /** Called once per exit, in order; also for exits that happened while no engine lived, after `adopt`. */
  onExit(listener: (exit: TaskExit) => void): Disposable;
  /** Removes the runtime's state, cgroup and bundle; kills what is left. Harmless when absent. */
  delete(id: ContainerId): Promise<void>;
  /** From disk and /proc, without the runtime. */
  status(id: ContainerId): TaskStatus;
  /** Boot: watch a task that an earlier engine started. */
  adopt(id: ContainerId): TaskStatus;
  /** Ids that have a task directory. */
  list(): ContainerId[];
  openStdin(id: ContainerId): StdinSink;
  resize(id: ContainerId, size: { readonly height: number; readonly width: number }): void;
  exec(request: ExecTaskRequest): Promise<ExecTask>;
  /** Host pids of every process in the container. */
  processes(id: ContainerId): number[];
  readLog(path: string, options: LogReadOptions, signal: AbortSignal): AsyncIterable<LogRecord>;
  /** Makes the monitor write to a new file at its log's path, once. @returns false when no monitor listens */
  reopenLog(id: ContainerId): boolean;
}
