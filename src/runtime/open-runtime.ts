import { closeSync, constants, existsSync, openSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { EngineError, failpoint, type Clock, type ContainerId, type Logger } from "#core";
import { isAlive, kill, openFiles } from "#linux";
import { cgroupProcesses, isFrozen, readCgroupHost, removeCgroup, thaw, type CgroupHost } from "./cgroup.ts";
import { cgroupDirectory, isScope, prepareScope, wantsScope } from "./cgroup-driver.ts";
import { creationTimeoutMs } from "./creation-bound.ts";
import { chooseRuntime, type RuntimeChoice } from "./choose-runtime.ts";
import { ExitWatch } from "./exit-watch.ts";
import { execInTask } from "./exec.ts";
import { applyLimits } from "./limits/apply.ts";
import { controllerDirectory, type ControllerDirectory } from "./limits/directory.ts";
import { oomKills } from "./limits/oom-kills.ts";
import { OomWatch } from "./oom-watch.ts";
import { parseNetDev } from "./stats/network.ts";
import { readCgroupV1 } from "./stats/read-v1.ts";
import { readCgroupV2 } from "./stats/read-v2.ts";
import { keepScopeLimits } from "./limits/scope.ts";
import { limitWrites, type LimitChange } from "./limits/writes.ts";
import { readLog } from "./log-read.ts";
import type { ReadingOptions, Runtime, TaskHandle, TaskRequest, TaskStatus } from "./contract.ts";
import type { ContainerReading } from "#spec";
import { MonitorError, startMonitor } from "./monitor.ts";
import { programVersion, runCommand, type OciRuntime, type RegisteredRuntime } from "./oci-runtime.ts";
import { createError, startError } from "./runtime-errors.ts";
import { createFilterCache, type FilterCache } from "./seccomp-filter.ts";
import { openTaskStdin, reopenTaskLog, resizeTask } from "./stdin.ts";
import {
  containerAlive,
  isOfThisBoot,
  monitorAlive,
  processesOfTask,
  readText,
  TaskFiles,
  type TaskProcesses,
  type TaskRecord,
} from "./task-files.ts";

export interface OpenRuntimeOptions {
  /** `<exec-root>/tasks`; on a tmpfs for speed. */
  readonly taskRoot: string;
  readonly runtimes: Readonly<Record<string, RegisteredRuntime>>;
  readonly defaultRuntime?: string;
  readonly conmonPath?: string;
  /** The default profile for the default capabilities, compiled; saves its compilation at the first start. */
  readonly seccompBpf?: Uint8Array;
  /** Bound of a creation, in milliseconds; two minutes by default. */
  readonly creationTimeoutMs?: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

const sigkill = 9;
/** How long a monitor may take to end after its container was killed. */
const monitorEndMs = 5000;

/**
 * Opens the task root, which an engine uses alone, and probes conmon and the OCI runtimes.
 * @throws EngineError `unavailable` when conmon or every runtime is missing
 */
export async function openRuntime(options: OpenRuntimeOptions): Promise<Runtime> {
  const files = new TaskFiles(options.taskRoot);
  using scope = new DisposableStack();
  const cgroups = readCgroupHost();
  const conmonPath = options.conmonPath ?? "/usr/bin/conmon";
  const [monitorVersion, choice] = await Promise.all([
    conmonVersion(conmonPath),
    chooseRuntime(options.runtimes, options.defaultRuntime, {
      statesRoot: files.states,
      scope,
      cgroups,
      logger: options.logger,
    }),
  ]);
  const filters = createFilterCache({
    defaultFilter: options.seccompBpf,
    logger: options.logger,
  });
  const tasks = new Tasks({
    files,
    cgroups,
    conmonPath,
    choice,
    filters,
    logger: options.logger,
    timeoutMs: options.creationTimeoutMs ?? creationTimeoutMs,
  });
  scope.use(tasks.exits);
  scope.use(tasks.ooms);
  return runtimeOf(tasks, monitorVersion, scope.move());
}

async function conmonVersion(path: string): Promise<string> {
  return /version (\S+)/.exec(await programVersion(path))?.[1] ?? "unknown";
}

function runtimeOf(tasks: Tasks, monitorVersion: string, scope: DisposableStack): Runtime {
  const { choice, files, exits } = tasks;
  return {
    defaultRuntime: choice.defaultRuntime,
    runtimes: choice.runtimes,
    monitorVersion,
    precompiledSeccomp: choice.runtimes.get(choice.defaultRuntime)?.kind === "crun",
    create: (request) => tasks.create(request),
    start: (id) => tasks.start(id),
    signal: (id, signal) => tasks.signal(id, signal),
    pause: (id) => tasks.freeze(id, "pause"),
    resume: (id) => tasks.freeze(id, "resume"),
    watchOom: (id, told) => tasks.ooms.add(id, told),
    read: (id, readingOptions) => tasks.read(id, readingOptions),
    limit: (id, change) => tasks.limit(id, change),
    onExit: (listener) => exits.subscribe(listener),
    delete: (id) => tasks.delete(id),
    status: (id) => tasks.status(id),
    adopt: (id) => tasks.adopt(id),
    list: () => files.list(),
    openStdin: (id) => openTaskStdin(id, files.paths(id)),
    resize: (id, size) => resizeTask(id, files.paths(id), size),
    exec: (request) => execInTask(tasks.runtimeOf(request.id), files.paths(request.id), request),
    processes: (id) => tasks.processes(id),
    readLog: (path, readOptions, signal) => readLog(path, readOptions, signal),
    reopenLog: (id) => reopenTaskLog(files.paths(id)),
    [Symbol.asyncDispose]: async () => scope.dispose(),
  };
}

interface TasksOptions {
  readonly files: TaskFiles;
  readonly cgroups: CgroupHost;
  readonly conmonPath: string;
  readonly choice: RuntimeChoice;
  readonly filters: FilterCache;
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/** The verbs on tasks; all state is on disk, so any engine can go on where another was killed. */
class Tasks {
  readonly files: TaskFiles;
  readonly choice: RuntimeChoice;
  readonly exits: ExitWatch;
  /** Tasks that were sent SIGKILL. */
  readonly #killed = new Set<ContainerId>();
  readonly ooms: OomWatch;
  readonly #options: TasksOptions;

  constructor(options: TasksOptions) {
    this.files = options.files;
    this.choice = options.choice;
    this.#options = options;
    this.exits = new ExitWatch(options.files, options.logger, (id, processes) => this.#endOrphan(id, processes));
    this.ooms = new OomWatch(options.files, (id) => {
      const record = options.files.readRecord(id);
      return record !== undefined && oomKills(controllerDirectory(options.cgroups, record.cgroupsPath)("memory")) > 0;
    });
    this.exits.subscribe(({ id }) => this.ooms.forget(id));
  }

  async create(request: TaskRequest): Promise<TaskHandle> {
    const runtime = this.#registered(request.runtime);
    const record = recordOf(request, runtime);
    this.files.claim(request.id);
    this.#killed.delete(request.id);
    try {
      failpoint("task.claimed");
      const spec = prepareScope(this.#options.filters.prepare(request.spec, runtime));
      const paths = this.files.writeBundle(request.id, record, spec);
      failpoint("task.bundle");
      const { conmonPath, timeoutMs } = this.#options;
      const monitor = await startMonitor({
        ...request,
        conmonPath,
        timeoutMs,
        runtime,
        paths,
        exits: this.files.exits,
        systemdCgroup: wantsScope(spec.linux.cgroupsPath ?? ""),
      });
      if (isScope(record.cgroupsPath)) await keepScopeLimits(this.#cgroupOf(request.id)("memory"), "limited");
      failpoint("task.answered");
      const processes = this.files.writeProcesses(request.id, monitor.pid, monitor.monitorPid);
      failpoint("task.recorded");
      this.exits.add(request.id, processes, monitor);
      return { id: request.id, pid: monitor.pid, monitorPid: monitor.monitorPid };
    } catch (error) {
      await this.#discard(request.id, record);
      if (!(error instanceof MonitorError)) throw error;
      throw createError(runtime, error.message, request.spec.process.args[0]);
    }
  }

  async start(id: ContainerId): Promise<void> {
    const runtime = this.runtimeOf(id);
    if (runtime.kind === "crun" && releaseInit(`${runtime.stateRoot}/${id}/exec.fifo`)) return;
    const result = await runCommand(runtime, ["start", id]);
    if (result.exitCode !== 0) throw startError(runtime, result.stderr, undefined);
  }

  signal(id: ContainerId, signal: number): void {
    const processes = this.files.readProcesses(id);
    if (processes === undefined || !containerAlive(processes) || !kill(processes.pid, signal))
      throw new EngineError("conflict", `container ${id} is not running`);
    if (signal !== sigkill) return;
    this.#killed.add(id);
    this.#thaw(id);
  }

  #isAlive(id: ContainerId): boolean {
    const processes = this.files.readProcesses(id);
    return processes !== undefined && containerAlive(processes);
  }

  /** What is frozen, by whomever, dies of SIGKILL only once it goes on (cgroup v1). */
  #thaw(id: ContainerId): void {
    const record = this.files.readRecord(id);
    if (record !== undefined) thaw(this.#options.cgroups, record.cgroupsPath);
  }

  async freeze(id: ContainerId, verb: "pause" | "resume"): Promise<void> {
    const result = await runCommand(this.runtimeOf(id), [verb, id]);
    // Whoever killed it meanwhile thawed it too early; frozen it would never meet its signal.
    const isDoomed = verb === "pause" && this.#killed.has(id);
    if (isDoomed) this.#thaw(id);
    if (result.exitCode === 0 && !isDoomed) return;
    // It has ended, or is about to.
    if (isDoomed || this.status(id).kind === "exited" || !this.#isAlive(id))
      throw new EngineError("conflict", `container ${id} is not running`);
    throw new EngineError("internal", `cannot ${verb} container ${id}: ${result.stderr.trim()}`);
  }

  read(id: ContainerId, { ownNetwork, hostMemoryBytes }: ReadingOptions): ContainerReading | undefined {
    const record = this.files.readRecord(id);
    if (record === undefined) return undefined;
    const directoryOf = controllerDirectory(this.#options.cgroups, record.cgroupsPath);
    const readCgroup = this.#options.cgroups.version === 1 ? readCgroupV1 : readCgroupV2;
    const reading = readCgroup(directoryOf, hostMemoryBytes);
    const pid = ownNetwork ? this.files.readProcesses(id)?.pid : undefined;
    const networks = pid === undefined ? undefined : parseNetDev(readText(`/proc/${pid}/net/dev`) ?? "");
    return reading && { ...reading, ...(networks && { networks }) };
  }

  async limit(id: ContainerId, change: LimitChange): Promise<void> {
    const { cgroups } = this.#options;
    const directoryOf = this.#cgroupOf(id);
    applyLimits(directoryOf, limitWrites(cgroups.version, change));
    if (isScope(directoryOf("memory"))) await keepScopeLimits(directoryOf("memory"), "all");
  }

  /** @throws EngineError `not_found` */
  #cgroupOf(id: ContainerId): ControllerDirectory {
    const record = this.files.readRecord(id);
    if (record === undefined) throw new EngineError("not_found", `no task of container ${id}`);
    return controllerDirectory(this.#options.cgroups, record.cgroupsPath);
  }

  status(id: ContainerId): TaskStatus {
    const exit = this.files.readExit(id);
    if (exit !== undefined) return { kind: "exited", exit };
    const record = this.files.readRecord(id);
    const processes = record === undefined ? undefined : this.files.readProcesses(id);
    if (record === undefined || processes === undefined || processes.pid === 0) return { kind: "absent" };
    if (!isOfThisBoot(processes)) return { kind: "absent" };
    if (!monitorAlive(processes)) return this.#statusOfOrphan(id, processes);
    const { pid, monitorPid } = processes;
    return { kind: this.#liveKind(id, record, pid), pid, monitorPid };
  }

  adopt(id: ContainerId): TaskStatus {
    const status = this.status(id);
    if (status.kind === "exited" && !this.exits.isWatched(id)) queueMicrotask(() => this.exits.tell(status.exit));
    const processes = this.files.readProcesses(id);
    if (status.kind !== "exited" && status.kind !== "absent" && processes !== undefined) {
      this.files.removeExecFiles(id);
      this.exits.adopt(id, processes);
    }
    return status;
  }

  processes(id: ContainerId): number[] {
    const record = this.files.readRecord(id);
    return record === undefined ? [] : cgroupProcesses(this.#options.cgroups, record.cgroupsPath);
  }

  async delete(id: ContainerId): Promise<void> {
    const record = this.files.readRecord(id);
    if (record !== undefined) await this.#discard(id, record);
    else this.files.remove(id);
  }

  /** The OCI runtime that owns a task. @throws EngineError `not_found` */
  runtimeOf(id: ContainerId): OciRuntime {
    const record = this.files.readRecord(id);
    if (record === undefined) throw new EngineError("not_found", `no task of container ${id}`);
    return this.#ownerOf(record);
  }

  /** Ends what is left of a task, whatever state it is in, then forgets it. */
  async #discard(id: ContainerId, record: TaskRecord): Promise<void> {
    const runtime = this.#ownerOf(record);
    const { cgroups } = this.#options;
    await this.#creationSettled(id);
    this.#killed.delete(id);
    thaw(cgroups, record.cgroupsPath);
    const state = `${runtime.stateRoot}/${id}`;
    if (existsSync(state) && !this.#isSpent(id, runtime, record) && !this.#isOfEarlierBoot(id))
      await runCommand(runtime, ["delete", "--force", id]);
    await this.#endMonitor(id);
    failpoint("discard.monitor");
    if (!removeCgroup(cgroups, record.cgroupsPath)) await this.#emptyCgroup(record.cgroupsPath);
    failpoint("discard.cgroup");
    // A runtime that was killed half-way does not know its own state any more.
    rmSync(state, { recursive: true, force: true });
    this.files.remove(id);
  }

  /**
   * Whether all that crun would delete is its state directory: the container ended by itself, its cgroups are empty (and
   * gone by now), and specs of ours have no hooks. Saves a process in the life of every container.
   */
  #isSpent(id: ContainerId, runtime: OciRuntime, record: TaskRecord): boolean {
    if (runtime.kind !== "crun" || this.files.readExit(id) === undefined) return false;
    return removeCgroup(this.#options.cgroups, record.cgroupsPath);
  }

  /** What the runtime knows of its processes is as old as the task. */
  #isOfEarlierBoot(id: ContainerId): boolean {
    const processes = this.files.readProcesses(id);
    return processes !== undefined && !isOfThisBoot(processes);
  }

  /** The monitor of an engine that died during create may still be at it; its container is known once it is done. */
  async #creationSettled(id: ContainerId): Promise<void> {
    if (this.files.isCreated(id)) return;
    const deadline = performance.now() + monitorEndMs;
    while (performance.now() < deadline) {
      if (this.files.isCreationSettled(id)) return;
      await Bun.sleep(2);
    }
    for (const pid of processesOfTask(id)) kill(pid, 9);
  }

  /** A monitor ends by itself once its container has; one that hangs, or never had a container, is killed. */
  async #endMonitor(id: ContainerId): Promise<void> {
    const processes = this.files.readProcesses(id);
    if (processes === undefined) return;
    const deadline = performance.now() + monitorEndMs;
    if (!isOfThisBoot(processes)) return;
    if (processes.pid === 0) killProcess(processes.monitorPid, processes.monitorStartTime);
    while (monitorAlive(processes)) {
      if (performance.now() > deadline) killProcess(processes.monitorPid, processes.monitorStartTime);
      await Bun.sleep(1);
    }
    // Its exit is told from files that go with the task.
    await this.exits.gone(id);
  }

  async #emptyCgroup(path: string): Promise<void> {
    const deadline = performance.now() + monitorEndMs;
    while (!removeCgroup(this.#options.cgroups, path)) {
      for (const pid of cgroupProcesses(this.#options.cgroups, path)) kill(pid, 9);
      if (performance.now() > deadline)
        throw new EngineError("internal", `cgroup ${path} cannot be removed: it holds processes`);
      await Bun.sleep(2);
    }
  }

  #endOrphan(id: ContainerId, processes: TaskProcesses): void {
    this.#options.logger.log("warn", "monitor of a container died; the container is ended", { id });
    if (containerAlive(processes)) kill(processes.pid, 9);
    for (const pid of this.processes(id)) kill(pid, 9);
  }

  /** Its exit code is lost with the monitor; Docker says 137 in this case. */
  #statusOfOrphan(id: ContainerId, processes: TaskProcesses): TaskStatus {
    const exit = this.files.readExit(id);
    if (exit !== undefined) return { kind: "exited", exit };
    this.#endOrphan(id, processes);
    this.files.writeExit(id, 137);
    const written = this.files.readExit(id);
    return written === undefined ? { kind: "absent" } : { kind: "exited", exit: written };
  }

  /** Both runtimes keep this FIFO until the container was started; an engine that died while it let crun's go may have left it. */
  #liveKind(id: ContainerId, record: TaskRecord, pid: number): "created" | "running" | "paused" {
    const runtime = this.#ownerOf(record);
    const fifo = `${runtime.stateRoot}/${id}/exec.fifo`;
    if (existsSync(fifo) && (runtime.kind !== "crun" || waitsForStart(pid))) return "created";
    return isFrozen(this.#options.cgroups, record.cgroupsPath) ? "paused" : "running";
  }

  #registered(name: string): OciRuntime {
    const runtime = this.choice.runtimes.get(name === "" ? this.choice.defaultRuntime : name);
    if (runtime === undefined) throw new EngineError("invalid", `unknown or invalid runtime name: ${name}`);
    return runtime;
  }

  /** Of a runtime that is registered no more, its recorded path still works. */
  #ownerOf(record: TaskRecord): OciRuntime {
    const known = this.choice.runtimes.get(record.runtime);
    if (known?.path === record.runtimePath) return known;
    const stateRoot = `${this.files.states}/${record.runtime}`;
    const { runtimePath: path } = record;
    const globalArgs = ["--root", stateRoot];
    return {
      name: record.runtime,
      path,
      program: () => path,
      kind: "other",
      version: "",
      stateRoot,
      runtimeArgs: undefined,
      globalArgs,
    };
  }
}

/**
 * What `crun start` comes to for specs without hooks: the container's first process waits for a byte from this FIFO.
 * @returns false when nobody waits there, and the OCI runtime must see for itself
 */
function releaseInit(fifo: string): boolean {
  const descriptor = openForReader(fifo);
  if (descriptor === undefined) return false;
  try {
    writeUnlessRead(descriptor);
    failpoint("task.released");
    unlinkSync(fifo);
    return true;
  } finally {
    closeSync(descriptor);
  }
}

/** An engine that died after its own write may have let the process go: then it closes its end just now. */
function writeUnlessRead(fifo: number): void {
  try {
    writeSync(fifo, "1");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
  }
}

/** Undefined unless somebody has it open for reading (fifo(7)). */
function openForReader(fifo: string): number | undefined {
  try {
    return openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
}

/**
 * Whether a process still has the FIFO of its start open. Not asked by opening it: the reader would take the close that
 * follows for its start.
 */
function waitsForStart(pid: number): boolean {
  return openFiles(pid).some((target) => target.endsWith("/exec.fifo"));
}

function killProcess(pid: number, startTime: number): void {
  if (isAlive(pid, startTime)) kill(pid, 9);
}

function recordOf(request: TaskRequest, runtime: OciRuntime): TaskRecord {
  const { logPath, tty, openStdin, spec } = request;
  const cgroupsPath = cgroupDirectory(spec.linux.cgroupsPath ?? `/lighter/${request.id}`);
  return { runtime: runtime.name, runtimePath: runtime.path, cgroupsPath, logPath, tty, openStdin };
}
